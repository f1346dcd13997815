import { randomBytes } from "node:crypto";
import path from "node:path";
import { showPath } from "../config/paths.ts";
import type { Site } from "../config/site.ts";
import { exitCodes, InfraError } from "../errors.ts";
import { findClusterKeyFile } from "./cluster-recipient.ts";
import {
  escrowVaultPassword,
  findServerTokenFile,
  findVaultPasswordEscrow,
  readVaultPassword,
} from "./escrow.ts";
import { readIfThere, readPrivateFile, writeOnce } from "./files.ts";
import { buildKeyItems } from "./key-items.ts";
import { type ClearSecret, readSecret, writeSecret } from "./secret-file.ts";
import type { ValueName, Values } from "./values.ts";
import { findVaultFile, loadVault, writeVault } from "./vault.ts";

/** One thing that init-secrets makes once and never touches again. */
export interface SecretItem {
  id: string;
  title: string;
  /** Keys are looked at before the rules that name them, and both before the files. */
  stage: "keys" | "rules" | "files";
  /** Absolute. */
  file: string;
  needs: readonly ValueName[];
  /** Whether it is there and as it should be. Throws when it is there and wrong. */
  observe(): Promise<boolean>;
  /** Makes it, and proves that it can be read again; says how it came. */
  create(values: Values): Promise<"created" | "restored">;
}

/** An encrypted Secret of the site that the cluster will be given. */
export interface SecretDefinition {
  /** Relative to the site's folder. */
  file: string;
  title: string;
  needs: readonly ValueName[];
  /** Its keys, which must not be empty. */
  keys: readonly string[];
  build(values: Values): ClearSecret;
}

export interface SecretsOptions {
  site: Site;
  env: NodeJS.ProcessEnv;
  definitions: readonly SecretDefinition[];
  /** A public key whose private half somebody keeps elsewhere. */
  recoveryRecipient?: string | undefined;
}

/** Everything that init-secrets makes, in the order in which one needs the other. */
export function buildItems(options: SecretsOptions): SecretItem[] {
  const { site, definitions } = options;
  const encrypted = [
    findVaultPasswordEscrow(site),
    findServerTokenFile(site),
    findClusterKeyFile(site),
    ...definitions.map(({ file }) => path.join(site.folder, file)),
  ];
  return [
    ...buildKeyItems(options, encrypted),
    buildVaultPassword(options),
    buildVault(options),
    buildEscrow(options),
    ...definitions.map((definition) => buildSecret(definition, options)),
  ];
}

function buildVaultPassword({ site, env }: SecretsOptions): SecretItem {
  const file = site.vaultPasswordFile;
  return {
    id: "vault-password",
    title: "password of Ansible's vault",
    stage: "files",
    file,
    needs: [],
    async observe() {
      if ((await readPrivateFile(file)) !== undefined) return true;
      const isEscrowed = (await readIfThere(findVaultPasswordEscrow(site))) !== undefined;
      if (isEscrowed || (await readIfThere(findVaultFile(site))) === undefined) return false;
      throw new InfraError({
        code: "SECRETS_PASSWORD_LOST",
        message: "there is a vault, and nothing that opens it",
        where: { file: showPath(findVaultFile(site)) },
        why: `${showPath(file)} is not there, nor an escrowed copy of it`,
        fix: `Bring the password back, with mode 600, as ${file}\nIf it is lost for good, remove the vault and run the same command again: it asks for the secrets`,
      });
    },
    async create() {
      const escrowed = await readVaultPassword({ site, env });
      await writeOnce(file, `${escrowed ?? randomBytes(32).toString("base64url")}\n`, 0o600);
      await readPrivateFile(file);
      return escrowed === undefined ? "created" : "restored";
    },
  };
}

function buildVault({ site, env }: SecretsOptions): SecretItem {
  const file = findVaultFile(site);
  return {
    id: "vault",
    title: "Ansible's vault",
    stage: "files",
    file,
    needs: ["tailscaleAuthKey", "vultrPassword"],
    async observe() {
      const password = await readPrivateFile(site.vaultPasswordFile);
      // It will be restored, and the vault looked into then.
      if (password === undefined) return (await readIfThere(file)) !== undefined;
      return (await loadVault(site, env)) !== undefined;
    },
    async create({ tailscaleAuthKey = "", vultrPassword = "" }) {
      const vault = {
        vault_tailscale_authkey: tailscaleAuthKey,
        vault_vultr_password: vultrPassword,
        vault_k3s_token: randomBytes(32).toString("hex"),
      };
      await writeVault(site, vault, env);
      return "created";
    },
  };
}

function buildEscrow({ site, env }: SecretsOptions): SecretItem {
  const file = findVaultPasswordEscrow(site);
  return {
    id: "vault-password-escrow",
    title: "the same password, encrypted",
    stage: "files",
    file,
    needs: [],
    async observe() {
      const escrowed = await readVaultPassword({ site, env });
      const password = await readPrivateFile(site.vaultPasswordFile);
      if (escrowed === undefined || password === undefined) return escrowed !== undefined;
      if (escrowed.trim() === password.trim()) return true;
      throw new InfraError({
        code: "SECRETS_ESCROW_DIFFERS",
        message: `this is not the password in ${showPath(site.vaultPasswordFile)}`,
        where: { file: showPath(file) },
        why: "one of the two was changed without the other",
        fix: `See which one opens the vault: ansible-vault view ${showPath(findVaultFile(site))}\nThen remove the other file and run the same command again`,
        exitCode: exitCodes.needsPerson,
      });
    },
    async create() {
      const password = await readPrivateFile(site.vaultPasswordFile);
      await escrowVaultPassword({ site, env }, password ?? "");
      return "created";
    },
  };
}

function buildSecret(definition: SecretDefinition, { site, env }: SecretsOptions): SecretItem {
  const file = path.join(site.folder, definition.file);
  return {
    id: definition.file.replace(/^.*\/(?=[^/]+\/)/, "").replace(".sops.yaml", ""),
    title: definition.title,
    stage: "files",
    file,
    needs: definition.needs,
    async observe() {
      const values = await readSecret(file, { site, env });
      if (values === undefined) return false;
      const missing = definition.keys.filter((key) => !values[key]);
      if (missing.length === 0) return true;
      throw new InfraError({
        code: "SECRETS_SECRET_INVALID",
        message: `this Secret has no ${missing.map((key) => `"${key}"`).join(", ")}`,
        where: { file: showPath(file) },
        fix: `Add it: sops edit ${showPath(file)}`,
      });
    },
    async create(values) {
      await writeSecret(file, definition.build(values), { site, env });
      return "created";
    },
  };
}
