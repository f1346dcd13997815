import { isDeepStrictEqual } from "node:util";
import { registerSecret } from "../cli/redact.ts";
import { parseYaml } from "../config/parse-yaml.ts";
import { showPath } from "../config/paths.ts";
import type { Site } from "../config/site.ts";
import { exitCodes, InfraError } from "../errors.ts";
import { readRecipients } from "../exec/age-keygen.ts";
import { decryptYaml, encryptYaml, encryptYamlFor, type SopsPlace } from "../exec/sops.ts";
import { checkFileRules } from "./check-readers.ts";
import { readIfThere, readPrivateFile, replaceFile, writeOnce } from "./files.ts";
import { encryptedRegex } from "./rules.ts";

/** What is needed to read and write the encrypted files of a site. */
export interface SecretsPlace {
  site: Pick<Site, "folder" | "ageKeyFile" | "recoveryKeyFile">;
  env: NodeJS.ProcessEnv;
}

/** A Secret of Kubernetes before it is encrypted. */
export interface ClearSecret {
  name: string;
  namespace: string;
  type?: string;
  annotations?: Record<string, string>;
  /** Its values by key, in clear. */
  values: Record<string, string>;
}

/**
 * The values of an encrypted Secret, registered; undefined when there is no file. Throws
 * SECRETS_NOT_ENCRYPTED, SECRETS_SECRET_INVALID and what decryptYaml throws.
 */
export async function readSecret(
  file: string,
  place: SecretsPlace,
): Promise<Record<string, string> | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const name = showPath(file);
  await checkEncrypted(text, name);
  const sops = openSops(place, place.site.ageKeyFile);
  return listValues(await decryptYaml(text, name, sops), name);
}

/**
 * Encrypts a Secret by the rule of .sops.yaml, or for `recipients` where the rules are yet to be made,
 * proves that each key at hand opens it, and writes it where there is no file. Throws
 * SECRETS_PROOF_FAILED, and what checkWritable, encryptYaml, decryptYaml and writeOnce throw.
 */
export async function writeSecret(
  file: string,
  secret: ClearSecret,
  place: SecretsPlace,
  recipients?: readonly string[],
): Promise<void> {
  await writeOnce(file, await encryptSecret(file, secret, place, recipients), 0o644);
}

/** The same in place of the file that is there. Throws as writeSecret, but never for that file. */
export async function replaceSecret(
  file: string,
  secret: ClearSecret,
  place: SecretsPlace,
): Promise<void> {
  await replaceFile(file, await encryptSecret(file, secret, place));
}

async function encryptSecret(
  file: string,
  secret: ClearSecret,
  place: SecretsPlace,
  recipients?: readonly string[],
): Promise<string> {
  const { site, env } = place;
  Object.values(secret.values).forEach(registerSecret);
  if (recipients === undefined) await checkWritable(file, place);
  const object = buildObject(secret);
  const { stringify } = await import("yaml");
  const style = { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" } as const;
  const text = stringify(object, style);
  const name = showPath(file);
  const encrypted =
    recipients === undefined
      ? await encryptYaml(text, file, openSops(place, site.ageKeyFile))
      : await encryptYamlFor(recipients, text, encryptedRegex, env);
  await checkEncrypted(encrypted, name);
  for (const keyFile of await listKeyFiles(site)) {
    const clear = await decryptYaml(encrypted, name, openSops(place, keyFile));
    if (!isDeepStrictEqual(clear, object)) throw notSame(name, keyFile);
  }
  return encrypted;
}

/**
 * Sees that a file could be encrypted and read again, before there is anything to write. Throws what
 * checkFileRules, readPrivateFile and readRecipients throw.
 */
export async function checkWritable(file: string, { site, env }: SecretsPlace): Promise<void> {
  const identities = await readPrivateFile(site.ageKeyFile);
  const own = await readRecipients(identities ?? "", showPath(site.ageKeyFile), env);
  await checkFileRules(site, [file], own);
}

/** The key files at hand; whatever is encrypted has to open with each of them. */
export async function listKeyFiles(site: SecretsPlace["site"]): Promise<string[]> {
  const hasRecoveryKey = (await readPrivateFile(site.recoveryKeyFile)) !== undefined;
  return [site.ageKeyFile, ...(hasRecoveryKey ? [site.recoveryKeyFile] : [])];
}

/** Where sops works for a site, with one of its keys. */
export function openSops({ site, env }: SecretsPlace, keyFile: string): SopsPlace {
  return { folder: site.folder, keyFile, env };
}

function buildObject({ name, namespace, type, annotations, values }: ClearSecret) {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, ...(annotations === undefined ? {} : { annotations }) },
    type: type ?? "Opaque",
    stringData: values,
  };
}

/** Throws unless every value of a Secret is encrypted, by looking at the file alone. */
async function checkEncrypted(text: string, name: string): Promise<void> {
  const { value, locate } = await parseYaml(text, name);
  const object = (value ?? {}) as Record<string, unknown>;
  for (const part of ["data", "stringData"]) {
    for (const [key, one] of Object.entries(object[part] ?? {})) {
      // sops leaves an empty text as it is.
      if (one === "" || (typeof one === "string" && one.startsWith("ENC["))) continue;
      throw notEncrypted(name, locate([part, key], "key"), `the value of ${key} is in clear`);
    }
  }
  const sops = object["sops"] as { mac?: unknown } | undefined;
  if (typeof sops?.mac === "string") return;
  throw notEncrypted(name, { file: name, line: 1, column: 1 }, "it has no sops.mac");
}

function listValues(object: unknown, name: string): Record<string, string> {
  const { kind, data, stringData } = (object ?? {}) as Record<string, unknown>;
  if (kind !== "Secret") {
    throw new InfraError({
      code: "SECRETS_SECRET_INVALID",
      message: "this file holds no Secret",
      where: { file: name },
      fix: "Take the file from Git as it was, or remove it and run scripts/setup/init-secrets.ts",
    });
  }
  const encoded = Object.entries((data ?? {}) as Record<string, unknown>).map(
    ([key, value]) => [key, Buffer.from(String(value), "base64").toString()] as const,
  );
  const clear = Object.entries((stringData ?? {}) as Record<string, unknown>).map(
    ([key, value]) => [key, String(value)] as const,
  );
  // As the API server does: what stands in stringData wins.
  const values = Object.fromEntries([...encoded, ...clear]);
  Object.values(values).forEach(registerSecret);
  return values;
}

/** That a file is no encrypted one. */
export function notEncrypted(name: string, where: InfraError["where"], why: string): InfraError {
  return new InfraError({
    code: "SECRETS_NOT_ENCRYPTED",
    message: "this file holds secrets and is not encrypted",
    ...(where === undefined ? {} : { where }),
    why,
    fix: `sops encrypt --in-place ${name}\nIf it was ever pushed, change every secret in it`,
  });
}

/** That what sops has made of a file is not what it should be. */
export function proofFailed(name: string, why: string): InfraError {
  return new InfraError({
    code: "SECRETS_PROOF_FAILED",
    message: `what sops encrypted does not come back as it was; ${name} was not written`,
    why,
    fix: "Try another version of sops; 3.13.3 is the tested one",
    exitCode: exitCodes.failed,
  });
}

/** The same, by what a key shows of it. */
export function notSame(name: string, keyFile: string): InfraError {
  return proofFailed(name, `decrypted with ${keyFile}, it is not what was encrypted`);
}
