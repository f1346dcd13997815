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

/**
 * Throws the one blocker there is, or PLAN_BLOCKED with all of them. What was found twice, for a
 * volume and for the one that is rebuilt from it, is told once.
 */
export function checkBlockers(blockers: InfraError[]): void {
  const [first, ...others] = blockers;
  if (first === undefined) return;
  const told = [...new Set(blockers.map(explainBlocker))];
  if (others.length === 0 || told.length === 1) throw first;
  const fixes = blockers.flatMap(({ fix }) => fix ?? []);
  throw new InfraError({
    code: "PLAN_BLOCKED",
    message: `${told.length} things forbid this plan; nothing was changed`,
    why: told.join("\n"),
    fix: [...new Set(fixes)].join("\n"),
  });
}

function explainBlocker({ message, why, code }: InfraError): string {
  return `${message}${why === undefined ? "" : `: ${why}`}  [${code}]`;
}
