import { type ExitCode, exitCodes, InfraError } from "../errors.ts";
import type { Command } from "./define-command.ts";
import { findArguments } from "./find-arguments.ts";
import { redact, redactJson } from "./redact.ts";
import type { ErrorReport } from "./report-error.ts";
import type { Terminal } from "./terminal.ts";

/** A command on its way, and how it is to answer. */
interface Session {
  command: Command;
  /** Undefined when they are still to be found on the process's command line. */
  args: string[] | undefined;
  terminal: Terminal;
  json: boolean;
  verbose: boolean;
  /** Whether stdout has its one document; what fails afterwards is told on stderr. */
  answered: boolean;
}

/** Runs a command and tells how it ended; the only place that catches what commands throw. */
export async function executeCommand(
  command: Command,
  args?: string[],
  terminal?: Terminal,
): Promise<ExitCode> {
  if (terminal === undefined) return await executeOnProcess(command, args);
  return await execute(openSession(command, args, terminal));
}

async function executeOnProcess(command: Command, args: string[] | undefined): Promise<ExitCode> {
  const { openTerminal } = await import("./terminal.ts");
  const terminal = openTerminal();
  const session = openSession(command, args, terminal);
  // What nobody awaited must not end in a bare stack trace either.
  process.on("uncaughtException", (error) => {
    void fail(error, session).then((exitCode) => process.exit(exitCode));
  });
  const exitCode = await execute(session);
  terminal.close();
  return exitCode;
}

/** Looks at the flags before they are parsed, since what is wrong with them has to be told too. */
function openSession(command: Command, args: string[] | undefined, terminal: Terminal): Session {
  const given = args ?? process.argv;
  const json = "json" in command.flags && given.includes("--json");
  const verbose = given.includes("--verbose");
  return { command, args, terminal: guard(terminal, json), json, verbose, answered: false };
}

/** The terminal behind which no secret passes; with --json nothing is redrawn. */
function guard(terminal: Terminal, json: boolean): Terminal {
  return {
    out: (text) => terminal.out(redact(text)),
    err: (text) => terminal.err(redact(text)),
    ask: async (question) => await terminal.ask(redact(question)),
    askHidden: async (question) => await terminal.askHidden(redact(question)),
    get isInteractive() {
      return !json && terminal.isInteractive;
    },
    get columns() {
      return terminal.columns;
    },
    interrupted: terminal.interrupted,
  };
}

async function execute(session: Session): Promise<ExitCode> {
  const { command, terminal } = session;
  try {
    const given = session.args ?? findArguments(process.argv, command.script);
    const { args, rest } = splitRest(command, given);
    if (args.includes("--help") || args.includes("-h")) {
      const { renderHelp } = await import("./render-help.ts");
      terminal.out(renderHelp(command));
      return exitCodes.done;
    }
    const { parseFlags } = await import("./parse-flags.ts");
    const result = await command.run({ ...parseFlags(command, args), rest }, terminal);
    if (session.json) {
      writeDocument(session, {
        ok: result.exitCode === exitCodes.done,
        result: result.json ?? null,
      });
    } else if (result.text !== "") {
      terminal.out(result.text.endsWith("\n") ? result.text : `${result.text}\n`);
    }
    return result.exitCode;
  } catch (error) {
    return await fail(error, session);
  }
}

/** What follows `--` is for another program, `--help` among it. */
function splitRest(command: Command, given: string[]): { args: string[]; rest: string[] } {
  const end = command.rest === undefined ? -1 : given.indexOf("--");
  if (end === -1) return { args: given, rest: [] };
  return { args: given.slice(0, end), rest: given.slice(end + 1) };
}

async function fail(thrown: unknown, session: Session): Promise<ExitCode> {
  const { describeFailure, renderReport, renderStack } = await import("./report-error.ts");
  const error = findInterruption(thrown) ?? thrown;
  const isOurs = error instanceof InfraError;
  // Before the lines are aligned: afterwards a secret of several lines is no longer recognised.
  const report = JSON.parse(redactJson(describeFailure(error))) as ErrorReport;
  if (session.json && !session.answered) writeDocument(session, { ok: false, error: report });
  else session.terminal.err(renderReport(report));
  if (session.verbose) session.terminal.err(renderStack(error));
  return isOurs ? error.exitCode : exitCodes.bug;
}

/** Node's own AbortError carries as its cause why we aborted. */
function findInterruption(thrown: unknown): InfraError | undefined {
  if (!(thrown instanceof Error) || thrown.name !== "AbortError") return undefined;
  return thrown.cause instanceof InfraError ? thrown.cause : undefined;
}

function writeDocument(session: Session, { ok, ...rest }: Record<string, unknown>): void {
  const text = redactJson({ ok, command: session.command.script, ...rest });
  session.answered = true;
  session.terminal.out(`${text}\n`);
}
