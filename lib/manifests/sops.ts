import { type Fields, getFields, getList, getText, isFields } from "./manifest.ts";

/** Whether sops has encrypted a document: it then says in it how. */
export function isEncrypted(value: unknown): boolean {
  if (!isFields(value) || value["sops"] === undefined) return false;
  const sops = getFields(value, "sops");
  return ["mac", "lastmodified", "version"].some((key) => sops[key] !== undefined);
}

/**
 * An encrypted object as its schema can judge it: without what sops adds, and with values of the types
 * that the encrypted ones have. Any other value as it is.
 */
export function withoutSops(value: Fields): Fields {
  if (!isEncrypted(value)) return value;
  const { sops: _sops, ...rest } = value;
  return standIn(rest) as Fields;
}

/** Whether a text is what sops writes for a value. */
export function isEncryptedText(text: unknown): boolean {
  return typeof text === "string" && text.startsWith("ENC[AES256_GCM,");
}

/** The keys that an encrypted document can be read with, and the age ones among them. */
export function listKeys(value: unknown): { count: number; age: string[] } {
  const sops = getFields(value, "sops");
  const groups = [sops, ...getList(sops, "key_groups")];
  const kinds = ["age", "pgp", "kms", "gcp_kms", "azure_kv", "hc_vault"];
  return {
    count: groups.flatMap((group) => kinds.flatMap((kind) => getList(group, kind))).length,
    age: groups.flatMap((group) =>
      getList(group, "age").map((key) => getText(key, "recipient") ?? ""),
    ),
  };
}

/**
 * Where in an encrypted document a value is in clear that should not be: by what the document says
 * itself (https://getsops.io/docs/#encrypting-only-parts-of-a-file), and always in a Secret.
 */
export function findClearValue(value: Fields): string[] | undefined {
  const { sops: _sops, ...rest } = value;
  const shouldBe = buildSelector(getFields(value, "sops"));
  const isSecret = value["kind"] === "Secret";
  return findLeaf(rest, [], (path) => {
    return (isSecret && (path[0] === "data" || path[0] === "stringData")) || shouldBe(path);
  });
}

function findLeaf(
  value: unknown,
  path: string[],
  shouldBe: (path: readonly string[]) => boolean,
): string[] | undefined {
  if (typeof value === "object" && value !== null) {
    for (const [key, below] of Object.entries(value)) {
      const found = findLeaf(below, [...path, key], shouldBe);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  // sops leaves an empty text as it is.
  if (value === null || value === "" || isEncryptedText(value)) return undefined;
  return shouldBe(path) ? path : undefined;
}

/** Which paths a document says are encrypted; the first setting counts, as there is only one. */
function buildSelector(sops: Fields): (path: readonly string[]) => boolean {
  const [encryptedRegex, unencryptedRegex] = ["encrypted_regex", "unencrypted_regex"].map((name) =>
    compile(getText(sops, name)),
  );
  const encryptedSuffix = getText(sops, "encrypted_suffix");
  const suffix = getText(sops, "unencrypted_suffix") ?? "_unencrypted";
  if (encryptedRegex !== undefined) return (path) => path.some((key) => encryptedRegex.test(key));
  if (encryptedSuffix !== undefined) {
    return (path) => path.some((key) => key.endsWith(encryptedSuffix));
  }
  if (unencryptedRegex !== undefined) {
    return (path) => !path.some((key) => unencryptedRegex.test(key));
  }
  // By comments: which those are is not told by the values.
  if (Object.keys(sops).some((key) => key.endsWith("_comment_regex"))) return () => false;
  return (path) => !path.some((key) => key.endsWith(suffix));
}

function compile(regex: string | undefined): RegExp | undefined {
  try {
    return regex === undefined ? undefined : new RegExp(regex);
  } catch {
    return undefined;
  }
}

function standIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(standIn);
  if (isFields(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, standIn(one)]));
  }
  if (!isEncryptedText(value)) return value;
  const [, type] = /,type:(\w+)\]$/.exec(value as string) ?? [];
  if (type === "int" || type === "float") return 0;
  return type === "bool" ? false : "";
}
