import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parseYamlDocuments } from "../config/parse-yaml.ts";
import { showPath } from "../config/paths.ts";
import { listFileRecipients } from "./cluster-recipient.ts";
import { notEncrypted } from "./secret-file.ts";

/** An encrypted file of a site, as far as it can be read without a key. */
export interface EncryptedFile {
  /** Absolute. */
  file: string;
  text: string;
  /** The public keys of age that open it. */
  recipients: string[];
  /** It has keys of another kind than age's, or groups of which more than one is needed. */
  isForeign: boolean;
}

/**
 * Every *.sops.yaml of a site, in order; what begins with a dot is left out, and so are programs of
 * others. Throws SECRETS_NOT_ENCRYPTED and what parseYamlDocuments throws.
 */
export async function loadEncryptedFiles(site: { folder: string }): Promise<EncryptedFile[]> {
  const files = await listFiles(site.folder);
  return await Promise.all(files.map(loadFile));
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const lists = entries
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .map(async (entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return await listFiles(file);
      return entry.isFile() && /.\.sops\.ya?ml$/.test(entry.name) ? [file] : [];
    });
  return (await Promise.all(lists)).flat().toSorted();
}

async function loadFile(file: string): Promise<EncryptedFile> {
  return await parseEncryptedFile(await readFile(file, "utf8"), file);
}

/** The same of a text that is, or is to be, in `file`. Throws as loadEncryptedFiles. */
export async function parseEncryptedFile(text: string, file: string): Promise<EncryptedFile> {
  const name = showPath(file);
  const documents = await parseYamlDocuments(text, name);
  const all = documents.map(({ value }) => readMetadata(value));
  if (all.length === 0 || all.some((one) => typeof one["mac"] !== "string")) {
    throw notEncrypted(name, { file: name }, "it has no sops.mac");
  }
  return {
    file,
    text,
    // sops writes the same into each document of a file.
    recipients: listFileRecipients(documents[0]?.value),
    isForeign: all.some(hasOtherKeys),
  };
}

type Metadata = Record<string, unknown>;

function readMetadata(document: unknown): Metadata {
  return (document as { sops?: Metadata | null } | null)?.sops ?? {};
}

/** The kinds of keys that sops knows beside age's (stores/stores.go). */
const otherKinds = ["pgp", "kms", "gcp_kms", "azure_kv", "hc_vault", "hckms", "key_groups"];

function hasOtherKeys(metadata: Metadata): boolean {
  return otherKinds.some((kind) => ((metadata[kind] as unknown[] | null) ?? []).length > 0);
}
