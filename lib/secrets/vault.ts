import path from "node:path";
import type { FromSchema } from "json-schema-to-ts";
import { registerSecret } from "../cli/redact.ts";
import { parseValidYaml } from "../config/load-yaml.ts";
import { parseYaml } from "../config/parse-yaml.ts";
import { showPath } from "../config/paths.ts";
import type { Site } from "../config/site.ts";
import { exitCodes, InfraError } from "../errors.ts";
import { decryptVault, encryptVault } from "../exec/ansible-vault.ts";
import { readIfThere, writeOnce } from "./files.ts";
import { vaultSchema } from "./vault.schema.ts";

/** The three secrets that the playbooks take. */
export type Vault = FromSchema<typeof vaultSchema>;

export type VaultSite = Pick<Site, "inventoryFolder" | "vaultPasswordFile">;

/** Where Ansible finds the vault by itself. */
export function findVaultFile({ inventoryFolder }: Pick<Site, "inventoryFolder">): string {
  return path.join(inventoryFolder, "group_vars/all/vault.yml");
}

/**
 * The vault in clear, its values registered; undefined when there is no file. Throws
 * SECRETS_NOT_ENCRYPTED, what decryptVault throws, and what parseValidYaml throws.
 */
export async function loadVault(
  site: VaultSite,
  env: NodeJS.ProcessEnv,
): Promise<Vault | undefined> {
  const file = findVaultFile(site);
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const name = showPath(file);
  checkEncrypted(text, name);
  return await parseVault(await decryptVault(text, name, site.vaultPasswordFile, env), name);
}

/** The hosts, with the password of each that begins with one. */
export function addPasswords<Host extends { sshPasswordVariable?: string | undefined }>(
  hosts: readonly Host[],
  vault: Partial<Record<string, string>>,
): (Host & { password?: string })[] {
  return hosts.map((host) => {
    const password = vault[host.sshPasswordVariable ?? ""];
    return password ? { ...host, password } : host;
  });
}

/** Parses a decrypted vault; nothing of its values gets into an error. Throws as parseValidYaml. */
export async function parseVault(text: string, name: string): Promise<Vault> {
  const { value } = await parseYaml(text, name);
  registerAll(value);
  return (await parseValidYaml(text, name, vaultSchema)).value;
}

/**
 * Encrypts the vault, proves that it can be read again, and writes it where there is none. Throws
 * SECRETS_PROOF_FAILED, and what encryptVault and writeOnce throw.
 */
export async function writeVault(
  site: VaultSite,
  vault: Vault,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  registerAll(vault);
  const file = findVaultFile(site);
  const name = showPath(file);
  const { stringify } = await import("yaml");
  // In quotes: Ansible reads YAML 1.1, where yes and 0123 are no strings.
  const text = stringify(vault, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" });
  const encrypted = await encryptVault(text, site.vaultPasswordFile, env);
  checkEncrypted(encrypted, name);
  const clear = await decryptVault(encrypted, name, site.vaultPasswordFile, env);
  const { isDeepStrictEqual } = await import("node:util");
  if (!isDeepStrictEqual(await parseVault(clear, name), vault)) {
    throw new InfraError({
      code: "SECRETS_PROOF_FAILED",
      message: `what ansible-vault encrypted does not come back as it was; ${name} was not written`,
      fix: "Try another version of ansible-core; 2.19 is the tested one",
      exitCode: exitCodes.failed,
    });
  }
  await writeOnce(file, encrypted, 0o644);
}

function checkEncrypted(text: string, name: string): void {
  if (text.startsWith("$ANSIBLE_VAULT;")) return;
  throw new InfraError({
    code: "SECRETS_NOT_ENCRYPTED",
    message: "this file holds secrets and is not encrypted",
    where: { file: name, line: 1, column: 1 },
    why: "it does not begin with $ANSIBLE_VAULT",
    fix: `ansible-vault encrypt ${name}\nIf it was ever pushed, change every secret in it`,
  });
}

function registerAll(value: unknown): void {
  if (typeof value === "string" || typeof value === "number") registerSecret(String(value));
  else if (typeof value === "object" && value !== null) Object.values(value).forEach(registerAll);
}
