import { showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { canEncryptFor } from "../exec/sops.ts";
import { listRecoveryRecipients } from "./own-recipients.ts";
import { findRulesFile, type SopsRule } from "./rules.ts";
import type { SecretsPlace } from "./secret-file.ts";

/** Who loses access, and which key is to keep it. */
export interface Leaving {
  /** Public keys that will not read any more what they can read now. */
  goes: readonly string[];
  /** The public half of the recovery key, where its file is not at hand. */
  recoveryRecipient: string | undefined;
}

/**
 * Sees that the recovery key stays able to read what these rules cover, and, when somebody goes, that it
 * is known which key that is. Throws SECRETS_RECOVERY_LOCKED_OUT and SECRETS_RECOVERY_UNKNOWN.
 */
export async function checkRecovery(
  place: SecretsPlace,
  rules: readonly SopsRule[],
  { goes, recoveryRecipient }: Leaving,
): Promise<void> {
  const atHand = await listRecoveryRecipients(place);
  const kept = [...(recoveryRecipient === undefined ? [] : [recoveryRecipient]), ...atHand];
  for (const recipient of kept) {
    const rule = rules.find(({ recipients }) => !recipients.includes(recipient));
    if (rule !== undefined) throw lockedOut(recipient, rule, place, atHand.includes(recipient));
  }
  if (goes.length === 0 || kept.length > 0) return;
  throw new InfraError({
    code: "SECRETS_RECOVERY_UNKNOWN",
    message: "say which key is the recovery key, since somebody loses access; nothing was changed",
    where: { file: showPath(findRulesFile(place.site)) },
    why: `${[...new Set(goes)].join(", ")} would not read any more, and nothing here tells whether that is the one`,
    fix: "Run the same command again with --recovery-recipient AGE1…: it stands beside the private half, where you keep that",
  });
}

/**
 * Sees that sops can encrypt for those who come: of a public key that was mistyped it says little.
 * Throws SECRETS_RECIPIENT_INVALID.
 */
export async function checkNewcomers(
  { site, env }: SecretsPlace,
  comes: readonly string[],
): Promise<void> {
  for (const recipient of new Set(comes)) {
    // Everybody on the machine can read arguments.
    const isPrivate = /^AGE-SECRET-KEY/i.test(recipient);
    if (!isPrivate && (await canEncryptFor(recipient, env))) continue;
    throw new InfraError({
      code: "SECRETS_RECIPIENT_INVALID",
      message: "one of its recipients is not a public key of age; nothing was changed",
      where: { file: showPath(findRulesFile(site)) },
      why: isPrivate ? "it is a private key" : `sops cannot encrypt for ${recipient}: is it whole?`,
      fix: "Write the line there that follows '# public key:' in the file of that key",
    });
  }
}

function lockedOut(
  recipient: string,
  { place: where }: SopsRule,
  { site }: SecretsPlace,
  isAtHand: boolean,
): InfraError {
  const file = site.recoveryKeyFile;
  return new InfraError({
    code: "SECRETS_RECOVERY_LOCKED_OUT",
    message: "the recovery key could not read what this rule covers; nothing was changed",
    where,
    why: `its list does not name ${recipient}${isAtHand ? `, whose other half is in ${showPath(file)}` : ""}: with your own key lost, all would be lost`,
    fix: `Put it into every list${isAtHand ? `; if it is an old one, remove its file: rm ${file}` : ", or give the recovery key that you have now"}`,
  });
}
