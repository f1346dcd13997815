import type { Terminal } from "../cli/terminal.ts";
import type { Site } from "../config/site.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { Progress } from "../secrets/change-readers.ts";

/** What each kind of rotation is run with. */
export interface Rotation {
  site: Site;
  env: NodeJS.ProcessEnv;
  flags: {
    what: string;
    recoveryRecipient: string | undefined;
    bucket: string | undefined;
    dryRun: boolean;
    confirm: string | undefined;
  };
  terminal: Terminal;
}

/**
 * Shows the plan, asks for the cluster's name, and makes the changes, which the same command goes on
 * with after a failure. Throws RUN_NOT_CONFIRMED, what `act` throws, which is no bad input any more, and
 * SECRETS_WRITE_FAILED for what the file system says.
 */
export async function confirmAndChange(
  { site, flags, terminal }: Rotation,
  plan: string,
  act: (progress: Progress) => Promise<void>,
): Promise<void> {
  const { confirmName } = await import("../steps/consent.ts");
  terminal.err(plan);
  await confirmName(site.clusterName, flags.confirm, terminal.ask);
  try {
    await act({
      signal: terminal.interrupted,
      say: (line) => terminal.err(`${line}\n`),
    });
  } catch (error) {
    throw afterChanges(error);
  }
}

const goOn = "Then run the same command again: it goes on from there";

function afterChanges(error: unknown): unknown {
  if (error instanceof InfraError) {
    if (error.exitCode !== exitCodes.badInput) return error;
    const { code, message, where, why, fix } = error;
    return new InfraError({
      code,
      // It may have been said of a plan.
      message: message.replace(/; nothing was changed$/, ""),
      ...(where === undefined ? {} : { where }),
      ...(why === undefined ? {} : { why }),
      fix: `${fix ?? "Correct it"}\n${goOn}`,
      exitCode: exitCodes.failed,
      cause: error,
    });
  }
  const { code, path: file } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  return new InfraError({
    code: "SECRETS_WRITE_FAILED",
    message: "a file could not be written",
    ...(file === undefined ? {} : { where: { file } }),
    why: (error as Error).message,
    fix: `Correct that. ${goOn}`,
    exitCode: exitCodes.failed,
    cause: error,
  });
}
