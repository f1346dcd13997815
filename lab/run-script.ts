import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { repositoryRoot } from "../lib/config/paths.ts";
import { buildOperatorEnvironment, enterOperator } from "./operator.ts";
import type { LabPaths } from "./paths.ts";

export interface ScriptOptions {
  /** Its home folder. */
  home: string;
  /** Beside the operator's own environment. */
  env?: NodeJS.ProcessEnv;
  /** The work tree whose script it is; this one when left out. */
  workTree?: string;
  /** Each line that it tells a person. */
  onLine?: (line: string) => void;
  /** Once it runs. */
  onPid?: (pid: number) => void;
  signal: AbortSignal;
}

export interface ScriptEnd {
  exitCode: number;
  /** The one document that a script with --json prints. */
  document: { ok?: boolean; result?: unknown; error?: { code: string; message: string } };
}

/** Runs one of the project's scripts as the operator would, with --json, as a process of its own. */
export async function runScript(
  paths: LabPaths,
  argv: readonly [string, ...string[]],
  { home, env, workTree = repositoryRoot, onLine, onPid, signal }: ScriptOptions,
): Promise<ScriptEnd> {
  const zx = path.join(workTree, "node_modules/zx/build/cli.js");
  const [program, ...args] = await enterOperator(paths, [process.execPath, zx, ...argv, "--json"]);
  const child = spawn(program, args, {
    cwd: workTree,
    env: { ...buildOperatorEnvironment(paths, process.env), HOME: home, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) onPid?.(child.pid);
  createInterface({ input: child.stderr }).on("line", (line) => onLine?.(line));
  // The command itself ends well on it, and is waited for.
  const interrupt = () => void child.kill("SIGINT");
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    const [printed, exitCode] = await Promise.all([
      text(child.stdout),
      new Promise<number>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code) => resolve(code ?? -1));
      }),
    ]);
    signal.throwIfAborted();
    return { exitCode, document: parse(printed) };
  } finally {
    signal.removeEventListener("abort", interrupt);
  }
}

/** What a script printed that broke off is no document. */
function parse(printed: string): ScriptEnd["document"] {
  try {
    return JSON.parse(printed) as ScriptEnd["document"];
  } catch {
    return {};
  }
}
