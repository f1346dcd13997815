import { showPath } from "../config/paths.ts";
import type { Place } from "../errors.ts";
import { findClusterKeyFile, readClusterKeyFile } from "./cluster-recipient.ts";
import type { SecretsOptions } from "./items.ts";
import { listOwnRecipients, listRecoveryRecipients } from "./own-recipients.ts";
import { loadRules } from "./rules.ts";

/** The public keys that open everything, and where they are written down. */
export interface People {
  recipients: string[];
  place: Place;
}

/**
 * Whose keys a site is for, once that is settled: by the rules, and before there are any by the first
 * file that is encrypted. Throws what loadRules and readClusterKeyFile throw.
 */
export async function findPeople(
  { site }: SecretsOptions,
  encrypted: readonly string[],
): Promise<People | undefined> {
  const rules = (await loadRules(site)) ?? [];
  const rule = rules.find((one) => encrypted.some(one.matches));
  if (rule !== undefined) return rule;
  const key = await readClusterKeyFile(site);
  if (key === undefined) return undefined;
  return { recipients: key.people, place: { file: showPath(findClusterKeyFile(site)) } };
}

/** The same where it is yet to be settled, too: the operator's key and the recovery key. */
export async function listPeople(
  options: SecretsOptions,
  encrypted: readonly string[],
): Promise<string[]> {
  const people = await findPeople(options, encrypted);
  if (people !== undefined) return people.recipients;
  const [own = ""] = await listOwnRecipients(options);
  const [kept = ""] = await listRecoveryRecipients(options);
  return [own, options.recoveryRecipient ?? kept];
}
