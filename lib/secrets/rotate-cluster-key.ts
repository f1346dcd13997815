import { readFile } from "node:fs/promises";
import path from "node:path";
import { showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { checkClusterSecrets } from "./check-cluster-secrets.ts";
import { clusterFolder, isForCluster } from "./cluster-files.ts";
import {
  type ClusterIdentity,
  generateClusterIdentity,
  readClusterIdentities,
  replaceClusterIdentities,
} from "./cluster-key.ts";
import { changeReaders, type Progress } from "./change-readers.ts";
import { addRecipient, removeRecipients } from "./edit-rules.ts";
import { loadEncryptedFiles } from "./encrypted-files.ts";
import { replaceFile } from "./files.ts";
import { planReaders } from "./plan-readers.ts";
import { findRulesFile, getRule, loadRules } from "./rules.ts";
import type { SecretsPlace } from "./secret-file.ts";

/**
 * How far a change of the cluster's key has come: `begin` there is one key; `spread` there is a new one,
 * and not everything is encrypted for it; `withdraw` everything is, and the old one can go.
 */
export interface ClusterKeyState {
  stage: "begin" | "spread" | "withdraw";
  /** The key that the cluster is to go on with. */
  newer: ClusterIdentity;
  /** Those that the new one takes the place of. */
  older: ClusterIdentity[];
  /** The encrypted files that the cluster has to read. */
  files: string[];
}

/**
 * Reads from the files alone how far a change of the cluster's key has come. Throws what
 * readClusterIdentities, loadEncryptedFiles and loadRules throw, and SECRETS_RULE_MISSING.
 */
export async function readClusterKeyState(place: SecretsPlace): Promise<ClusterKeyState> {
  const { site } = place;
  const [newer, ...older] = await readClusterIdentities(place);
  if (newer === undefined) throw new Error("a key without an identity is refused when it is read");
  const all = await loadEncryptedFiles(site);
  const own = all.filter(({ file }) => isForCluster(path.relative(site.folder, file)));
  const files = own.map(({ file }) => file);
  const rules = (await loadRules(site)) ?? [];
  // What comes next has to be covered, too.
  const next = path.join(site.folder, clusterFolder, "next.sops.yaml");
  const lists = [next, ...files].map((file) => getRule(rules, site, file).recipients);
  const isSpread = [...lists, ...own.map(({ recipients }) => recipients)].every((recipients) =>
    recipients.includes(newer.recipient),
  );
  const stage = older.length === 0 ? "begin" : isSpread ? "withdraw" : "spread";
  return { stage, newer, older, files };
}

function encryptedElsewhere(files: readonly string[]): InfraError {
  return new InfraError({
    code: "SECRETS_FOREIGN_KEYS",
    message: "files that the cluster reads are not encrypted by age alone; nothing was changed",
    where: { file: showPath(files[0] ?? "") },
    why: `their readers are not those of .sops.yaml, and are not changed here: ${files.map(showPath).join(", ")}`,
    fix: "Encrypt them anew as .sops.yaml says: sops decrypt FILE, then sops encrypt; or move them out of kubernetes/",
  });
}

/**
 * Sees that nothing else is half done. Throws SECRETS_READERS_OPEN, SECRETS_FOREIGN_KEYS, and what the
 * looks throw.
 */
export async function checkBeginning(place: SecretsPlace): Promise<void> {
  await checkClusterSecrets(place.site);
  const { changes, left } = await planReaders(place);
  const foreign = left.filter((file) => isForCluster(path.relative(place.site.folder, file)));
  if (foreign.length > 0) throw encryptedElsewhere(foreign);
  if (changes.length === 0) return;
  throw new InfraError({
    code: "SECRETS_READERS_OPEN",
    message: "files are encrypted for others than .sops.yaml says; nothing was changed",
    where: { file: showPath(changes[0]?.file ?? "") },
    why: changes.map(({ file }) => showPath(file)).join("\n"),
    fix: "First: npx zx scripts/setup/rotate-secrets.ts",
  });
}

/**
 * Makes a new key for the cluster beside the one it has, and encrypts what it reads for both; goes on
 * from wherever an earlier run has stopped. Throws what planReaders and changeReaders throw.
 */
export async function spreadClusterKey(
  place: SecretsPlace,
  state: ClusterKeyState,
  progress: Progress,
): Promise<void> {
  const { newer, older } = state.stage === "begin" ? await addIdentity(place, state) : state;
  const [beside] = older;
  if (beside === undefined) throw new Error("a new key stands beside an old one");
  await editRules(place, progress, (text, name) =>
    addRecipient(text, name, { beside: beside.recipient, added: newer.recipient }),
  );
  const { changes } = await planReaders(place);
  await changeReaders(changes, place, progress);
}

/** Takes the old keys out of the rules, the files and the file with the key. Throws as spreadClusterKey. */
export async function withdrawClusterKey(
  place: SecretsPlace,
  { newer, older }: ClusterKeyState,
  progress: Progress,
): Promise<void> {
  const expendable = older.map(({ recipient }) => recipient);
  await editRules(place, progress, (text, name) => removeRecipients(text, name, expendable));
  const { changes } = await planReaders(place, { expendable });
  await changeReaders(changes, place, progress);
  // Last: as long as they are there, the next run knows what to look for.
  await replaceClusterIdentities(place, [newer]);
}

async function addIdentity(
  place: SecretsPlace,
  { newer: present }: ClusterKeyState,
): Promise<{ newer: ClusterIdentity; older: ClusterIdentity[] }> {
  const newer = await generateClusterIdentity(place);
  // Before the rules name its public half, which would else be one without a private half.
  await replaceClusterIdentities(place, [newer, present]);
  return { newer, older: [present] };
}

async function editRules(
  { site }: SecretsPlace,
  { say }: Progress,
  edit: (text: string, name: string) => Promise<string>,
): Promise<void> {
  const file = findRulesFile(site);
  const text = await readFile(file, "utf8");
  const edited = await edit(text, showPath(file));
  if (edited === text) return;
  await replaceFile(file, edited);
  say(`changed: ${showPath(file)}`);
}
