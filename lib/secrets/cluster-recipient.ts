import path from "node:path";
import { parseYaml } from "../config/parse-yaml.ts";
import { showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { clusterKeyFile } from "./cluster-files.ts";
import { readIfThere } from "./files.ts";

/** Where the Secret with the cluster's key has the public half, in clear. */
export const recipientAnnotation = "infra-k3s.io/age-recipient";

/** What the file with the cluster's key says to everybody. */
export interface ClusterKeyFile {
  /** The public half. */
  recipient: string;
  /** The public keys of those who can read the private half. */
  people: string[];
}

/** Where the cluster's key lies. */
export function findClusterKeyFile(site: { folder: string }): string {
  return path.join(site.folder, clusterKeyFile);
}

/**
 * Reads what needs no key of the file with the cluster's key; undefined without the file. Throws
 * SECRETS_CLUSTER_KEY_INVALID, and what readIfThere and parseYaml throw.
 */
export async function readClusterKeyFile(site: {
  folder: string;
}): Promise<ClusterKeyFile | undefined> {
  const file = findClusterKeyFile(site);
  const text = await readIfThere(file);
  return text === undefined ? undefined : await parseClusterKeyFile(text, showPath(file));
}

/** The same of a text. Throws SECRETS_CLUSTER_KEY_INVALID and what parseYaml throws. */
export async function parseClusterKeyFile(text: string, name: string): Promise<ClusterKeyFile> {
  const { value, locate } = await parseYaml(text, name);
  const { metadata } = (value ?? {}) as { metadata?: { annotations?: Record<string, unknown> } };
  const recipient = metadata?.annotations?.[recipientAnnotation];
  if (typeof recipient === "string") return { recipient, people: listFileRecipients(value) };
  throw new InfraError({
    code: "SECRETS_CLUSTER_KEY_INVALID",
    message: "this file does not say which public key it is the other half of",
    where: locate(["metadata", "annotations"], "key"),
    why: `it has no annotation ${recipientAnnotation}`,
    fix: "Take the file from Git as it was",
  });
}

/** The public keys of age that an encrypted document can be read with. */
export function listFileRecipients(document: unknown): string[] {
  const { sops } = (document ?? {}) as { sops?: KeyGroup & { key_groups?: KeyGroup[] } };
  const groups = [sops, ...(sops?.key_groups ?? [])];
  return groups.flatMap((group) => group?.age ?? []).map(({ recipient }) => String(recipient));
}

interface KeyGroup {
  age?: { recipient?: unknown }[];
}
