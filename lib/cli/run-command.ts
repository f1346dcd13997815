import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import type { ExitCode } from "../errors.ts";
import type { Command } from "./define-command.ts";
import type { Terminal } from "./terminal.ts";

const cacheFolder = fileURLToPath(new URL("../../.cache/node", import.meta.url));

/**
 * Runs a command, tells how it ended and sets the process's exit code, which it also returns.
 * `args` are the flags alone; what is left out is taken from this process.
 */
export async function runCommand(
  command: Command,
  args?: string[],
  terminal?: Terminal,
): Promise<ExitCode> {
  // Only what is imported from here on is stripped of its types and compiled once for all runs;
  // so nothing but types is imported above.
  enableCompileCache(cacheFolder);
  const { executeCommand } = await import("./execute-command.ts");
  const exitCode = await executeCommand(command, args, terminal);
  process.exitCode = exitCode;
  return exitCode;
}
