import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { addresses } from "../host-list.ts";
import { enterNamespace, operatorNamespace } from "../network.ts";

/** What a name server answered from a moment on, in milliseconds since 1970. */
export interface NameAnswer {
  name: string;
  at: number;
  addresses: string[];
}

export interface NameWatch {
  /** Ends it and returns what it has seen, in order. Throws when it had ended before. */
  stop(): Promise<NameAnswer[]>;
}

/** Keeps asking the lab's name server, which caches nothing, from where the operator is. */
export function watchNames(names: readonly string[], signal: AbortSignal): NameWatch {
  const answers: NameAnswer[] = [];
  const script = path.join(import.meta.dirname, "ask-names.ts");
  const command = [process.execPath, script, addresses.servers, ...names];
  const [program, ...args] = [...enterNamespace(operatorNamespace), ...command];
  const child = spawn(program ?? "", args, {
    env: { PATH: process.env["PATH"] },
    signal,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let end: string | undefined;
  const closed = new Promise<void>((resolve) => {
    child.once("error", (error) => (end = error.message));
    child.once("close", (code) => {
      end ??= `it ended with code ${code}`;
      resolve();
    });
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    answers.push(JSON.parse(line) as NameAnswer);
  });
  return {
    async stop() {
      if (end !== undefined) throw new Error(`nobody watched the names: ${end}`);
      child.kill();
      await closed;
      return answers;
    },
  };
}
