import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { exitCodes, InfraError } from "../lib/errors.ts";

/** How many of the last lines an error shows. */
const shownLines = 8;

export interface WatchOptions {
  signal?: AbortSignal | undefined;
  /** The whole environment of the program; our own when left out. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/**
 * Runs a long program and hands on each line that it writes. It ends with all that it has started
 * as soon as this process ends, be it by SIGKILL, or `signal` is aborted. Throws EXEC_FAILED, and
 * the reason of `signal`.
 */
export async function runWatched(
  argv: readonly [string, ...string[]],
  onLine: (line: string) => void,
  { signal, env = process.env, cwd }: WatchOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  // The kernel kills the first process of a pid namespace with its parent, and the rest with it.
  const alone = ["unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...alone, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const last: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => {
      last.push(line);
      if (last.length > shownLines) last.shift();
      onLine(line);
    });
  }
  const stop = () => void child.kill("SIGKILL");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    signal?.throwIfAborted();
    if (code === 0) return;
    throw new InfraError({
      code: "EXEC_FAILED",
      message: `${argv[0]} ${code === null ? "was killed" : `ended with code ${code}`}`,
      why: last.join("\n") || "it wrote nothing",
      fix: "Correct what it complains about, then run the same command again",
      exitCode: exitCodes.failed,
    });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
