import { exitCodes, InfraError } from "../errors.ts";

/** The person, or the program, that a command talks with. */
export interface Terminal {
  /** Writes to stdout, as it is: the result and nothing else. */
  out(text: string): void;
  /** Writes to stderr, as it is: progress, questions, errors. */
  err(text: string): void;
  /** Whether stderr can be redrawn: a terminal, and not the log of a CI. */
  readonly isInteractive: boolean;
  readonly columns: number;
  /**
   * Asks for one line; undefined when there is no terminal to ask on. Rejects with RUN_INTERRUPTED.
   */
  ask(question: string): Promise<string | undefined>;
  /** As `ask`, for a secret: what is typed does not appear. */
  askHidden(question: string): Promise<string | undefined>;
  /** Aborted with RUN_INTERRUPTED by the first Ctrl-C or SIGTERM. */
  readonly interrupted: AbortSignal;
}

/** The part of `process` that a terminal is made of. */
export type Host = Pick<
  NodeJS.Process,
  "stdin" | "stdout" | "stderr" | "env" | "on" | "off" | "exit"
>;

/**
 * The keyboard signals everybody in the foreground, and npx hands its signal on to its child: with
 * bash as npm's shell that is us, a second time. Two signals within this time are one key press.
 */
const oneKeyPressMs = 500;

/** The real terminal. `close` gives the signals back. */
export function openTerminal(host: Host = process): Terminal & { close(): void } {
  const { stdin, stdout, stderr, env } = host;
  const interruption = new AbortController();
  let interruptedAt: number | undefined;

  function interrupt(): void {
    const now = performance.now();
    if (interruptedAt === undefined) {
      interruptedAt = now;
      interruption.abort(interruptedError());
    } else if (now - interruptedAt > oneKeyPressMs) {
      host.exit(exitCodes.interrupted);
    }
  }

  host.on("SIGINT", interrupt);
  host.on("SIGTERM", interrupt);
  stdout.on("error", refuseOutput);
  // Whoever watched has gone; what runs must not stop half-way for that.
  stderr.on("error", () => undefined);

  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    get isInteractive() {
      return isTerminal(stderr) && env["TERM"] !== "dumb" && !isContinuousIntegration(env);
    },
    get columns() {
      // 0 where the size was never set.
      return stderr.columns || 80;
    },
    async ask(question) {
      if (!isTerminal(stdin) || !isTerminal(stderr)) return undefined;
      return await askOn(host, question, { interrupted: interruption.signal });
    },
    async askHidden(question) {
      if (!isTerminal(stdin) || !isTerminal(stderr)) return undefined;
      try {
        return await askOn(host, question, { interrupted: interruption.signal, interrupt });
      } finally {
        // The Enter key did not appear either.
        stderr.write("\n");
      }
    },
    interrupted: interruption.signal,
    close() {
      host.off("SIGINT", interrupt);
      host.off("SIGTERM", interrupt);
    },
  };
}

interface Asking {
  interrupted: AbortSignal;
  /** Given when the answer is hidden: what Ctrl-C does, which is a key then and no signal. */
  interrupt?: () => void;
}

async function askOn(
  host: Host,
  question: string,
  { interrupted, interrupt }: Asking,
): Promise<string> {
  const { createInterface } = await import("node:readline");
  const { Writable } = await import("node:stream");
  interrupted.throwIfAborted();
  host.stderr.write(question);
  // readline's line editor writes what is typed to its output, so a hidden answer gets one that
  // keeps nothing. Else there is no editor: in its raw mode Ctrl-C would be a key and no signal.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines =
    interrupt === undefined
      ? createInterface({ input: host.stdin, terminal: false })
      : createInterface({ input: host.stdin, output: nowhere, terminal: true, historySize: 0 });
  if (interrupt !== undefined) lines.on("SIGINT", interrupt);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const stop = (): void => reject(interrupted.reason as Error);
  interrupted.addEventListener("abort", stop, { once: true });
  lines.once("line", resolve);
  // Ctrl-D: an empty answer.
  lines.once("close", () => resolve(""));
  try {
    return await promise;
  } finally {
    interrupted.removeEventListener("abort", stop);
    lines.close();
  }
}

function refuseOutput(error: NodeJS.ErrnoException): void {
  // The reader has seen enough, as in `... | head -1`.
  if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") return;
  throw new InfraError({
    code: "CLI_OUTPUT_UNWRITABLE",
    message: "the result could not be written to stdout",
    why: error.message,
    fix: "Write it to a place that has room, then run the same command again",
    exitCode: exitCodes.failed,
    cause: error,
  });
}

function interruptedError(): InfraError {
  return new InfraError({
    code: "RUN_INTERRUPTED",
    message: "interrupted",
    fix: "Run the same command again: a change goes on where it stopped, --abort undoes it",
    exitCode: exitCodes.interrupted,
  });
}

/** Streams that are none lack the property, whatever their type says. */
function isTerminal(stream: { isTTY?: boolean }): boolean {
  return stream.isTTY ?? false;
}

function isContinuousIntegration(env: NodeJS.ProcessEnv): boolean {
  return !["", "0", "false"].includes(env["CI"] ?? "");
}
