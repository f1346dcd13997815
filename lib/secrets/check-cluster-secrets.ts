import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parseYamlDocuments } from "../config/parse-yaml.ts";
import { showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { findReaderFault } from "./check-readers.ts";
import { clusterFolder, isForCluster } from "./cluster-files.ts";
import { findClusterKeyFile, listFileRecipients, readClusterKeyFile } from "./cluster-recipient.ts";
import { getRule, loadRules } from "./rules.ts";

/**
 * Sees that Argo CD will be able to decrypt every encrypted file below kubernetes/, by what the files
 * say in clear. Throws SECRETS_CLUSTER_KEY_MISSING, SECRETS_CLUSTER_CANNOT_READ with every file that
 * the cluster's key does not open, SECRETS_CLUSTER_CAN_READ, and what getRule, loadRules,
 * readClusterKeyFile and parseYamlDocuments throw.
 */
export async function checkClusterSecrets(site: { folder: string }): Promise<void> {
  const key = await readClusterKeyFile(site);
  if (key === undefined) throw clusterKeyMissing(site);
  const { recipient } = key;
  const files = await listClusterFiles(site);
  const rules = (await loadRules(site)) ?? [];
  // What comes next has to be covered, too, where there is nothing yet.
  const next = path.join(site.folder, clusterFolder, "next.sops.yaml");
  for (const file of [findClusterKeyFile(site), next, ...files]) {
    const fault = findReaderFault(getRule(rules, site, file), file, { ...site, recipient });
    if (fault !== undefined) throw fault;
  }
  const closed: string[] = [];
  for (const file of files) {
    if (!(await isReadable(file, recipient))) closed.push(showPath(file));
  }
  if (closed.length > 0) throw cannotRead(closed, recipient);
}

/** That the site has no file with the cluster's key. */
export function clusterKeyMissing(site: { folder: string }): InfraError {
  return new InfraError({
    code: "SECRETS_CLUSTER_KEY_MISSING",
    message: "the cluster has no age key of its own yet",
    where: { file: showPath(findClusterKeyFile(site)) },
    why: "Argo CD could decrypt nothing",
    fix: "npx zx scripts/setup/init-secrets.ts",
  });
}

/** The encrypted files below kubernetes/ that the cluster has to read. */
async function listClusterFiles(site: { folder: string }): Promise<string[]> {
  const folder = path.join(site.folder, clusterFolder);
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => /[^/]\.sops\.ya?ml$/.test(name))
    .map((name) => path.join(folder, name))
    .filter((file) => isForCluster(path.relative(site.folder, file)))
    .toSorted();
}

async function isReadable(file: string, recipient: string): Promise<boolean> {
  const documents = await parseYamlDocuments(await readFile(file, "utf8"), showPath(file));
  return documents.every(({ value }) => listFileRecipients(value).includes(recipient));
}

function cannotRead(files: readonly string[], recipient: string): InfraError {
  return new InfraError({
    code: "SECRETS_CLUSTER_CANNOT_READ",
    message: `${files.length} encrypted file${files.length === 1 ? " is" : "s are"} not for the cluster's key`,
    where: { file: files[0] ?? "" },
    why: `Argo CD has ${recipient} and no other key, and could not decrypt:\n${files.join("\n")}`,
    fix: files.map((file) => `sops updatekeys ${file}`).join("\n"),
  });
}
