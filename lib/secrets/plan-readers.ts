import { showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { decryptDocuments } from "../exec/sops.ts";
import { checkNewcomers, checkRecovery } from "./check-lockout.ts";
import { checkFileRules } from "./check-readers.ts";
import { type EncryptedFile, loadEncryptedFiles } from "./encrypted-files.ts";
import { listOwnRecipients } from "./own-recipients.ts";
import { findRulesFile, getRule, loadRules, type SopsRule } from "./rules.ts";
import { openSops, type SecretsPlace } from "./secret-file.ts";

/** A file that is to be encrypted anew, and the public keys that are added to it and taken off. */
export interface ReaderChange {
  /** Absolute. */
  file: string;
  comes: string[];
  goes: string[];
  /** All who can read it then. */
  readers: string[];
}

export interface ReadersPlan {
  changes: ReaderChange[];
  /** How many are left as they are, since they are as the rules say. */
  same: number;
  /** Files with keys of other kinds than age's: a person's own business. */
  left: string[];
}

export interface ReadersOptions {
  /** Whether every file is encrypted anew, and not only those with other readers than they should have. */
  everyFile?: boolean;
  /** The public half of the recovery key, where its file is not at hand. */
  recoveryRecipient?: string | undefined;
  /** Public keys whose going away locks nobody out: old ones of the cluster. */
  expendable?: readonly string[];
}

/**
 * Compares who can read each encrypted file of a site with what .sops.yaml says, and sees that the
 * operator's key opens every file that is to change. Throws SECRETS_NOT_MADE, and what
 * loadEncryptedFiles, checkFileRules, checkRecovery, checkNewcomers and decryptDocuments throw.
 */
export async function planReaders(
  place: SecretsPlace,
  { everyFile = false, recoveryRecipient, expendable = [] }: ReadersOptions = {},
): Promise<ReadersPlan> {
  const { site } = place;
  const rules = await loadRules(site);
  const own = await listOwnRecipients(place);
  if (rules === undefined || own.length === 0) throw notMade(place);
  const all = await loadEncryptedFiles(site);
  const files = all.filter(({ isForeign }) => !isForeign);
  const names = files.map(({ file }) => file);
  await checkFileRules(site, names, own);
  const used = new Set(names.map((name) => getRule(rules, site, name)));
  const compared = files.map((one) => ({
    one,
    change: compare(one, getRule(rules, site, one.file)),
  }));
  const wanted = compared.filter(
    ({ change: { comes, goes } }) => everyFile || comes.length + goes.length > 0,
  );
  const changes = wanted.map(({ change }) => change);
  const goes = changes.flatMap((change) => change.goes).filter((one) => !expendable.includes(one));
  await checkRecovery(place, [...used], { recoveryRecipient, goes });
  await checkNewcomers(
    place,
    changes.flatMap(({ comes }) => comes),
  );
  const sops = openSops(place, site.ageKeyFile);
  await Promise.all(wanted.map(({ one }) => decryptDocuments(one.text, showPath(one.file), sops)));
  const left = all.filter(({ isForeign }) => isForeign).map(({ file }) => file);
  return { changes, same: files.length - changes.length, left };
}

function compare({ file, recipients }: EncryptedFile, rule: SopsRule): ReaderChange {
  const readers = [...new Set(rule.recipients)];
  return {
    file,
    comes: readers.filter((one) => !recipients.includes(one)),
    goes: [...new Set(recipients)].filter((one) => !readers.includes(one)),
    readers,
  };
}

function notMade({ site }: SecretsPlace): InfraError {
  return new InfraError({
    code: "SECRETS_NOT_MADE",
    message: "this site has no rules or no age key; nothing was changed",
    why: `it takes ${showPath(findRulesFile(site))} and ${showPath(site.ageKeyFile)}`,
    fix: `npx zx scripts/setup/init-secrets.ts; or bring your key here: install -m 600 KEY ${site.ageKeyFile}`,
  });
}
