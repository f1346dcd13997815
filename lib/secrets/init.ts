import { showPath } from "../config/paths.ts";
import { exitCodes, InfraError } from "../errors.ts";
import { checkAgeKeygen } from "../exec/age-keygen.ts";
import { checkAnsibleVault } from "../exec/ansible-vault.ts";
import { checkSops } from "../exec/sops.ts";
import { checkBlockers } from "../steps/consent.ts";
import type { SecretItem } from "./items.ts";
import type { ValueName, Values } from "./values.ts";

/** An item and what a look at it has said. */
export interface PlannedItem {
  item: SecretItem;
  isThere: boolean;
}

export type ItemState = "there" | "created" | "restored";

/**
 * Looks at every item and changes nothing. Throws EXEC_MISSING for programs that are not there, and
 * what is wrong with the items, PLAN_BLOCKED when it is more than one thing.
 */
export async function planItems(
  items: readonly SecretItem[],
  env: NodeJS.ProcessEnv,
): Promise<PlannedItem[]> {
  const programs = [checkAgeKeygen(env), checkSops(env), checkAnsibleVault(env)];
  checkBlockers(await listFailures(programs));
  const plan: PlannedItem[] = [];
  for (const stage of ["keys", "rules", "files"]) {
    const looks = items
      .filter((item) => item.stage === stage)
      .map(async (item) => ({ item, isThere: await item.observe() }));
    const failures = await listFailures(looks);
    checkBlockers(failures.length === 1 ? failures : failures.map(nameFile));
    plan.push(...(await Promise.all(looks)));
  }
  return plan;
}

/** The values that only a person knows and that this plan will need. */
export function listNeeds(plan: readonly PlannedItem[]): ValueName[] {
  return [...new Set(plan.flatMap(({ item, isThere }) => (isThere ? [] : item.needs)))];
}

/**
 * Makes what is missing, one item after the other, each proven before the next. Throws what the
 * items throw, and the reason of `signal` between two of them; the next run goes on from there.
 */
export async function createItems(
  plan: readonly PlannedItem[],
  values: Values,
  { signal, say }: { signal: AbortSignal; say(line: string): void },
): Promise<Map<SecretItem, ItemState>> {
  const states = new Map<SecretItem, ItemState>();
  for (const { item, isThere } of plan) {
    signal.throwIfAborted();
    states.set(item, isThere ? "there" : await createItem(item, values));
    if (!isThere) say(`${states.get(item)} and read again: ${showPath(item.file)}`);
  }
  return states;
}

async function createItem(item: SecretItem, values: Values): Promise<ItemState> {
  try {
    return await item.create(values);
  } catch (error) {
    if (error instanceof InfraError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new InfraError({
      code: "SECRETS_WRITE_FAILED",
      message: `${item.title} could not be written`,
      where: { file: showPath(item.file) },
      why: (error as Error).message,
      fix: "Correct that, then run the same command again: what is made is kept",
      exitCode: exitCodes.failed,
      cause: error,
    });
  }
}

async function listFailures(all: readonly Promise<unknown>[]): Promise<InfraError[]> {
  const results = await Promise.allSettled(all);
  return results.flatMap((result) => {
    if (result.status === "fulfilled") return [];
    if (result.reason instanceof InfraError) return [result.reason];
    throw result.reason;
  });
}

/** A list of errors shows no places, so the message has to. */
function nameFile(error: InfraError): InfraError {
  if (error.where === undefined) return error;
  const { code, why, fix, exitCode } = error;
  return new InfraError({
    code,
    message: `${error.where.file}: ${error.message}`,
    ...(why === undefined ? {} : { why }),
    ...(fix === undefined ? {} : { fix }),
    exitCode,
  });
}
