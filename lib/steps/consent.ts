import { exitCodes, InfraError } from "../errors.ts";

/**
 * Lets only somebody on who typed the name of what is at stake. `given` is the value of --confirm;
 * without it `ask` is asked, which is undefined without a terminal. Throws RUN_NOT_CONFIRMED.
 */
export async function confirmName(
  name: string,
  given: string | undefined,
  ask: (question: string) => Promise<string | undefined>,
): Promise<void> {
  const typed = given ?? (await ask(`Type ${name} to go on: `));
  if (typed?.trim() === name) return;
  throw new InfraError({
    code: "RUN_NOT_CONFIRMED",
    message: "not confirmed, nothing was changed",
    why:
      typed === undefined
        ? "there is no terminal to ask on"
        : `"${typed.trim()}" was given, "${name}" was asked for`,
    fix: `Run it in a terminal, or add: --confirm ${name}`,
    exitCode: exitCodes.needsPerson,
  });
}

/** Throws the one blocker there is, or PLAN_BLOCKED with all of them. */
export function checkBlockers(blockers: InfraError[]): void {
  const [first] = blockers;
  if (first === undefined) return;
  if (blockers.length === 1) throw first;
  throw new InfraError({
    code: "PLAN_BLOCKED",
    message: `${blockers.length} things forbid this plan; nothing was changed`,
    why: blockers.map((blocker) => `${blocker.message}  [${blocker.code}]`).join("\n"),
    fix: blockers
      .map((blocker) => blocker.fix)
      .filter((fix) => fix !== undefined)
      .join("\n"),
  });
}
