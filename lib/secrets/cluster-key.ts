import { showPath } from "../config/paths.ts";
import { InfraError, hasCode } from "../errors.ts";
import { generateIdentity, readRecipients } from "../exec/age-keygen.ts";
import type { Secret } from "../objects.ts";
import { checkClusterSecrets, clusterKeyMissing } from "./check-cluster-secrets.ts";
import {
  findClusterKeyFile,
  readClusterKeyFile,
  recipientAnnotation,
} from "./cluster-recipient.ts";
import { readPrivateFile } from "./files.ts";
import {
  type ClearSecret,
  readSecret,
  replaceSecret,
  type SecretsPlace,
  writeSecret,
} from "./secret-file.ts";

/** The Secret of the cluster that Argo CD's repo-server has its key from. */
const clusterKeySecret = { name: "sops-age", namespace: "argocd", key: "keys.txt" };

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

/** An identity of the cluster; while its key is rotated, it has two. */
export interface ClusterIdentity {
  recipient: string;
  /** As it stands in a file of identities. */
  text: string;
}

/** The cluster's identities, the one that it is to go on with first. Throws as readClusterIdentity. */
export async function readClusterIdentities(place: SecretsPlace): Promise<ClusterIdentity[]> {
  const text = await readClusterIdentity(place);
  const lines = text.match(/^AGE-SECRET-KEY-\S+$/gm) ?? [];
  const all = await Promise.all(lines.map(async (line) => await nameIdentity(`${line}\n`, place)));
  const said = await readClusterKeyFile(place.site);
  const isFirst = ({ recipient }: ClusterIdentity) => recipient === said?.recipient;
  return [...all.filter(isFirst), ...all.filter((one) => !isFirst(one))];
}

/** A new identity for the cluster, registered. Throws what generateIdentity throws. */
export async function generateClusterIdentity(place: SecretsPlace): Promise<ClusterIdentity> {
  return await nameIdentity(await generateIdentity(place.env), place);
}

/** Writes the cluster's identities in place of those there are, the first one with its public half. */
export async function replaceClusterIdentities(
  place: SecretsPlace,
  identities: readonly ClusterIdentity[],
): Promise<void> {
  await replaceSecret(findClusterKeyFile(place.site), buildKeyFile(identities), place);
}

/**
 * Makes the cluster's key and writes it where there is none, for these people only. Throws what
 * generateIdentity and writeSecret throw.
 */
export async function createClusterKey(
  place: SecretsPlace,
  people: readonly string[],
): Promise<void> {
  const identity = await generateClusterIdentity(place);
  await writeSecret(findClusterKeyFile(place.site), buildKeyFile([identity]), place, people);
}

/** The Secret of the cluster with these identities, as its API takes it. */
export function buildClusterKeySecret(identities: string): Secret {
  const { name, namespace, key } = clusterKeySecret;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    data: { [key]: Buffer.from(identities).toString("base64") },
  };
}

function buildKeyFile(identities: readonly ClusterIdentity[]): ClearSecret {
  const { name, namespace, key } = clusterKeySecret;
  const annotations = { [recipientAnnotation]: identities[0]?.recipient ?? "" };
  const values = { [key]: identities.map(({ text }) => text).join("") };
  return { name, namespace, annotations, values };
}

async function nameIdentity(text: string, { site, env }: SecretsPlace): Promise<ClusterIdentity> {
  const [recipient = ""] = await readRecipients(text, showPath(findClusterKeyFile(site)), env);
  return { recipient, text };
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
