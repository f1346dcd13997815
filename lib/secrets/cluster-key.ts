import { showPath } from "../config/paths.ts";
import { InfraError, hasCode } from "../errors.ts";
import { generateIdentity, readRecipients } from "../exec/age-keygen.ts";
import { checkClusterSecrets, clusterKeyMissing } from "./check-cluster-secrets.ts";
import {
  findClusterKeyFile,
  readClusterKeyFile,
  recipientAnnotation,
} from "./cluster-recipient.ts";
import { readPrivateFile } from "./files.ts";
import { readSecret, type SecretsPlace, writeSecret } from "./secret-file.ts";

/** The Secret of the cluster that Argo CD's repo-server has its key from. */
export const clusterKeySecret = { name: "sops-age", namespace: "argocd", key: "keys.txt" };

/**
 * The cluster's own age identity, for the cluster to be given, once it is sure that it opens what
 * Argo CD will render. Throws what readClusterIdentity and checkClusterSecrets throw.
 */
export async function readClusterKey(place: SecretsPlace): Promise<string> {
  const identity = await readClusterIdentity(place);
  await checkClusterSecrets(place.site);
  return identity;
}

/**
 * The same, whatever it opens; registered. Throws SECRETS_CLUSTER_KEY_MISSING, SECRETS_KEY_MISSING,
 * SECRETS_KEY_WRONG, SECRETS_CLUSTER_KEY_INVALID, SECRETS_CLUSTER_KEY_DIFFERS, and what readSecret
 * and readRecipients throw.
 */
export async function readClusterIdentity(place: SecretsPlace): Promise<string> {
  const { site, env } = place;
  const file = findClusterKeyFile(site);
  const where = { file: showPath(file) };
  const said = await readClusterKeyFile(site);
  if (said === undefined) throw clusterKeyMissing(site);
  const wanted = `it was encrypted for ${said.people.join(", ")}`;
  if ((await readPrivateFile(site.ageKeyFile)) === undefined) {
    throw new InfraError({
      code: "SECRETS_KEY_MISSING",
      message: "there is no age key to open the cluster's key with",
      where,
      why: wanted,
      fix: `Bring one of these keys here, with mode 600: install -m 600 KEY ${site.ageKeyFile}`,
    });
  }
  const values = await readSecret(file, place).catch((error: unknown) => {
    throw hasCode(error, "SECRETS_KEY_WRONG") ? keyWrong(error as InfraError, wanted) : error;
  });
  const identity = values?.[clusterKeySecret.key] ?? "";
  const recipients = await readRecipients(identity, where.file, env);
  if (recipients.includes(said.recipient)) return identity;
  throw new InfraError({
    code: "SECRETS_CLUSTER_KEY_DIFFERS",
    message: "the cluster's key is not the other half of the public key that stands beside it",
    where,
    why: `${recipientAnnotation} says ${said.recipient}, and the key is of ${recipients.join(", ")}`,
    fix: "Take the file from Git as it was when the other files were encrypted",
  });
}

/**
 * Makes the cluster's key and writes it where there is none, for these people only. Throws what
 * generateIdentity and writeSecret throw.
 */
export async function createClusterKey(
  place: SecretsPlace,
  people: readonly string[],
): Promise<void> {
  const file = findClusterKeyFile(place.site);
  const identity = await generateIdentity(place.env);
  const [recipient = ""] = await readRecipients(identity, showPath(file), place.env);
  const { name, namespace, key } = clusterKeySecret;
  const annotations = { [recipientAnnotation]: recipient };
  const values = { [key]: identity };
  await writeSecret(file, { name, namespace, annotations, values }, place, people);
}

function keyWrong({ message, where, why }: InfraError, wanted: string): InfraError {
  return new InfraError({
    code: "SECRETS_KEY_WRONG",
    message,
    ...(where === undefined ? {} : { where }),
    why: `${why}: ${wanted}`,
    fix: "Put one of those keys there; or add yours to .sops.yaml, and have somebody who has one of them run: sops updatekeys FILE, for every *.sops.yaml",
  });
}
