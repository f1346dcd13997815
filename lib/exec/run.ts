import { createInterface } from "node:readline";
import { redact } from "../cli/redact.ts";
import { exitCodes, InfraError } from "../errors.ts";

export interface RunOptions {
  cwd?: string;
  /** The whole environment of the program; our own when left out. */
  env?: NodeJS.ProcessEnv;
  /** What the program reads; without it, nothing. The way for secrets. */
  stdin?: string;
  /** Exit codes that are an answer and not a failure; 0 when left out. */
  allowedCodes?: readonly number[];
  timeoutSeconds?: number;
  /** How long it has to end by itself once it was told to; 2 when left out. */
  graceSeconds?: number;
  /** Ends the program, and all it has started, once it is aborted. */
  signal?: AbortSignal;
  /** Called with each line that the program writes, to stdout or stderr, as soon as it does. */
  onLine?: (line: string) => void;
  /** How to get the program, for the error that says it is not there. */
  installHint?: string;
}

export interface RunResult {
  stdout: string;
  stderr: string;
  code: number;
}

/** How many of the last lines of stderr an error shows. */
const shownLines = 5;

/** A program that does not end by itself in that time is killed. */
const usualGraceSeconds = 2;

/**
 * Runs an external program and waits for it. Throws EXEC_MISSING, EXEC_FAILED and EXEC_TIMEOUT;
 * after a timeout the program and all it started have been killed, as once `signal` is aborted, whose
 * reason is thrown. Throws a plain Error, a defect, when an argument holds a registered secret:
 * everybody on the machine can read arguments.
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<RunResult> {
  const [program] = argv;
  if (argv.some((argument) => redact(argument) !== argument)) {
    throw new Error(`an argument of ${program} holds a secret; pass it by stdin or environment`);
  }
  const { $ } = await import("zx/core");
  const env = options.env ?? process.env;
  await checkProgram(program, env, options.installHint);
  options.signal?.throwIfAborted();
  // An empty input is none: zx would leave it open, and the program would wait for its end.
  const stdin = options.stdin === "" ? undefined : options.stdin;
  const child = $({
    // zx runs programs by way of bash, and a bash of level 1 with a socket for stdin, as Node makes
    // them, takes itself for a remote login and reads ~/.bashrc (bash: shell.c, run_startup_files).
    env: { ...env, SHLVL: "1" },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(stdin === undefined ? {} : { input: stdin }),
    // Nothing may read from the terminal behind the back of a question of ours.
    stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    // A process group of its own, so that a timeout reaches what the program started.
    detached: true,
    nothrow: true,
    quiet: true,
    verbose: false,
  })`${argv}`;
  // A program may end before it has read everything; its exit code says whether that was a failure.
  if (stdin !== undefined) child.stdin.on("error", () => undefined);
  const { onLine } = options;
  if (onLine !== undefined) {
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", onLine);
  }
  const deadline = startDeadline(child.pid, options);
  options.signal?.addEventListener("abort", deadline.end, { once: true });
  try {
    const { stdout, stderr, exitCode } = await child;
    options.signal?.throwIfAborted();
    if (deadline.isOver()) throw timeoutError(argv, options.timeoutSeconds, stderr);
    // Without a code a signal has ended it.
    const code = exitCode ?? -1;
    if (!(options.allowedCodes ?? [0]).includes(code)) throw failedError(argv, code, stderr);
    return { stdout, stderr, code };
  } finally {
    options.signal?.removeEventListener("abort", deadline.end);
    deadline.stop();
  }
}

/** Throws EXEC_MISSING unless the program is in a folder of the PATH of `env`. */
export async function checkProgram(
  program: string,
  env: NodeJS.ProcessEnv,
  installHint: string | undefined,
): Promise<void> {
  const { which } = await import("zx/core");
  const found = await which(program, { path: env["PATH"] ?? "", nothrow: true });
  if (found !== null) return;
  throw new InfraError({
    code: "EXEC_MISSING",
    message: `the program "${program}" is not installed`,
    why: "it is in no folder of PATH",
    fix: installHint ?? `Install ${program}`,
  });
}

/** Ends a process group when its time is up, or at once by `end`. */
function startDeadline(
  pid: number | undefined,
  { timeoutSeconds: seconds, graceSeconds = usualGraceSeconds }: RunOptions,
): { isOver(): boolean; end(): void; stop(): void } {
  let over = false;
  const timers: NodeJS.Timeout[] = [];

  function end(): void {
    if (pid === undefined) return;
    killGroup(pid, "SIGTERM");
    timers.push(setTimeout(() => killGroup(pid, "SIGKILL"), graceSeconds * 1000));
  }

  if (seconds !== undefined) {
    timers.push(
      setTimeout(() => {
        over = true;
        end();
      }, seconds * 1000),
    );
  }
  return {
    isOver: () => over,
    end,
    stop() {
      timers.forEach(clearTimeout);
    },
  };
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function failedError(argv: readonly string[], code: number, stderr: string): InfraError {
  return new InfraError({
    code: "EXEC_FAILED",
    message: `${describe(argv)} ${code === -1 ? "was killed" : `ended with code ${code}`}`,
    why: readLastLines(stderr) || "it wrote nothing to stderr",
    fix: "Correct what it complains about, then run the same command again",
    exitCode: exitCodes.failed,
  });
}

function timeoutError(
  argv: readonly string[],
  seconds: number | undefined,
  stderr: string,
): InfraError {
  const lines = readLastLines(stderr);
  return new InfraError({
    code: "EXEC_TIMEOUT",
    message: `${describe(argv)} did not end within ${seconds} s and was stopped`,
    ...(lines === "" ? {} : { why: lines }),
    fix: "Run the same command again",
    exitCode: exitCodes.failed,
  });
}

/** The program and its verb: `tailscale status`; the rest may be long. */
function describe([program, verb]: readonly string[]): string {
  return verb === undefined || verb.startsWith("-") ? `${program}` : `${program} ${verb}`;
}

function readLastLines(stderr: string): string {
  const lines = redact(stderr).trimEnd().split("\n");
  return lines.slice(-shownLines).join("\n");
}
