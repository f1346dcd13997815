import { showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { generateIdentity } from "../exec/age-keygen.ts";
import { canEncryptFor } from "../exec/sops.ts";
import { checkFileRules } from "./check-readers.ts";
import { buildClusterKey } from "./cluster-key-item.ts";
import { readClusterKeyFile } from "./cluster-recipient.ts";
import { readIfThere, replaceFile, writeOnce } from "./files.ts";
import type { SecretItem, SecretsOptions } from "./items.ts";
import { listOwnRecipients, listRecoveryRecipients } from "./own-recipients.ts";
import { findPeople, listPeople } from "./people.ts";
import { appendRules, renderRules } from "./render-rules.ts";
import { findRulesFile, loadRules } from "./rules.ts";

/** The three age keys and .sops.yaml, which names them; `encrypted` are the files that it is for. */
export function buildKeyItems(options: SecretsOptions, encrypted: readonly string[]): SecretItem[] {
  checkRecipient(options.recoveryRecipient);
  return [
    buildAgeKey(options, encrypted),
    buildRecoveryKey(options, encrypted),
    // Before the rules: they name its public half, and a kill in between leaves no name without a key.
    buildClusterKey(options, encrypted),
    buildRules(options, encrypted),
  ];
}

function buildAgeKey(options: SecretsOptions, encrypted: readonly string[]): SecretItem {
  const { site, env } = options;
  const file = site.ageKeyFile;
  return {
    id: "age-key",
    title: "your age key",
    stage: "keys",
    file,
    needs: [],
    async observe() {
      if ((await listOwnRecipients(options)).length > 0) return true;
      const rules = await readIfThere(findRulesFile(site));
      const files = await Promise.all(encrypted.map(readIfThere));
      // A new key would open nothing of what is there.
      if (rules === undefined && files.every((text) => text === undefined)) return false;
      throw new InfraError({
        code: "SECRETS_KEY_LOST",
        message: "there are encrypted files, and no age key to open them",
        where: { file: showPath(file) },
        why: `the site has ${rules === undefined ? "*.sops.yaml files" : ".sops.yaml"} already`,
        fix: `Bring your key back, with mode 600; the recovery key does as well: install -m 600 KEY ${file}\nA second operator makes a key (age-keygen -o ${file}), adds its public half to .sops.yaml, and somebody with a key runs: sops updatekeys FILE`,
      });
    },
    async create() {
      await writeOnce(file, await generateIdentity(env), 0o600);
      await listOwnRecipients(options);
      return "created";
    },
  };
}

function buildRecoveryKey(options: SecretsOptions, encrypted: readonly string[]): SecretItem {
  const { site, env, recoveryRecipient } = options;
  const file = site.recoveryKeyFile;
  return {
    id: "recovery-key",
    title: "recovery key",
    stage: "keys",
    file,
    needs: [],
    async observe() {
      const people = await findPeople(options, encrypted);
      if (recoveryRecipient !== undefined) {
        if (people?.recipients.includes(recoveryRecipient)) return true;
        if (people === undefined) {
          await checkUsable(recoveryRecipient, options);
          return true;
        }
        throw new InfraError({
          code: "SECRETS_RECIPIENT_OTHER",
          message: "--recovery-recipient is not one of the keys that the files are encrypted for",
          where: people.place,
          why: `it has: ${people.recipients.join(", ")}`,
          fix: "Leave the flag out; or add the key to the lists of .sops.yaml and run, for every *.sops.yaml: sops updatekeys FILE",
        });
      }
      if (people !== undefined) return true;
      return (await listRecoveryRecipients(options)).length > 0;
    },
    async create() {
      await writeOnce(file, await generateIdentity(env), 0o600);
      await listRecoveryRecipients(options);
      return "created";
    },
  };
}

function buildRules(options: SecretsOptions, encrypted: readonly string[]): SecretItem {
  const { site } = options;
  const file = findRulesFile(site);
  return {
    id: "rules",
    title: "which files SOPS encrypts, and for whom",
    stage: "rules",
    file,
    needs: [],
    async observe() {
      const rules = await loadRules(site);
      // Rules for other files are somebody's own: ours goes behind them.
      if (rules === undefined || !rules.some((rule) => encrypted.some(rule.matches))) return false;
      const own = await listOwnRecipients(options);
      // Without a key there is a clearer error, from the key itself.
      if (own.length === 0) return true;
      await checkFileRules(site, encrypted, own);
      return true;
    },
    async create() {
      const key = await readClusterKeyFile(site);
      if (key === undefined) throw new Error("the rules come after the cluster's key");
      const readers = { people: await listPeople(options, encrypted), cluster: key.recipient };
      const text = await readIfThere(file);
      if (text === undefined) await writeOnce(file, await renderRules(readers), 0o644);
      else await replaceFile(file, await appendRules(text, readers));
      await checkFileRules(site, encrypted, await listOwnRecipients(options));
      return "created";
    },
  };
}

/** Before anything is written, what the form alone does not tell. */
async function checkUsable(recipient: string, options: SecretsOptions): Promise<void> {
  const isOwn = (await listOwnRecipients(options)).includes(recipient);
  const isKey = isOwn || (await canEncryptFor(recipient, options.env));
  if (!isOwn && isKey) return;
  throw new InfraError({
    code: "SECRETS_RECIPIENT_INVALID",
    message: isOwn
      ? "--recovery-recipient is your own key"
      : "--recovery-recipient is not a public key of age",
    why: isOwn
      ? "with one key lost, all would be lost"
      : "sops cannot encrypt for it: is it whole?",
    fix: "Give the public half of a key that is kept elsewhere, or leave the flag out",
  });
}

/** Sees that what was given as a public key is one. Throws SECRETS_RECIPIENT_INVALID. */
export function checkRecipient(recipient: string | undefined): void {
  // Bech32 has no 1, b, i and o; sops checks its sum when it encrypts.
  if (recipient === undefined || /^age1[02-9ac-hj-np-z]{58}$/.test(recipient)) return;
  const isPrivate = /^AGE-SECRET-KEY/i.test(recipient);
  throw new InfraError({
    code: "SECRETS_RECIPIENT_INVALID",
    message: "--recovery-recipient is not a public key of age",
    why: isPrivate
      ? "it is a private key, which is in your shell's history now"
      : "one begins with age1 and has 62 characters",
    fix: isPrivate
      ? "Make another key, and give the line that follows '# public key:' in its file"
      : "Give the line that follows '# public key:' in the file of that key",
  });
}
