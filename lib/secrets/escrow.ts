import { rename } from "node:fs/promises";
import path from "node:path";
import { registerSecret } from "../cli/redact.ts";
import { showPath } from "../config/paths.ts";
import { exitCodes, InfraError } from "../errors.ts";
import { checkSops } from "../exec/sops.ts";
import { readPrivateFile } from "./files.ts";
import { loadRules } from "./rules.ts";
import { checkWritable, readSecret, type SecretsPlace, writeSecret } from "./secret-file.ts";

/** What a rebuilt cluster needs and nobody applies: encrypted files beside the settings. */
interface Escrow {
  /** Below the site's folder. */
  file: string;
  name: string;
  key: string;
}

const serverToken: Escrow = {
  file: "config/escrow/server-token.sops.yaml",
  name: "k3s-server-token",
  key: "token",
};

const vaultPassword: Escrow = {
  file: "config/escrow/vault-password.sops.yaml",
  name: "ansible-vault-password",
  key: "password",
};

/** Where the escrowed server token lies. */
export function findServerTokenFile(site: { folder: string }): string {
  return path.join(site.folder, serverToken.file);
}

/** Where the escrowed password of Ansible's vault lies. */
export function findVaultPasswordEscrow(site: { folder: string }): string {
  return path.join(site.folder, vaultPassword.file);
}

/**
 * Keeps the server's token (/var/lib/rancher/k3s/server/token) encrypted in the site: without it an
 * etcd snapshot cannot be restored on a new host. Does nothing when it is there already. Another one
 * that is there is moved aside under the time of `replaceAt`: it belongs to the snapshots of its own
 * cluster. Without that it throws SECRETS_ESCROW_DIFFERS; and what writeSecret throws.
 */
export async function escrowServerToken(
  place: SecretsPlace,
  token: string,
  replaceAt?: Date,
): Promise<"written" | "there" | "replaced"> {
  registerSecret(token);
  const state = await compareServerToken(place, token);
  if (state === "same") return "there";
  if (state === "missing") {
    await write(place, serverToken, token.trim());
    return "written";
  }
  if (replaceAt !== undefined) {
    const until = replaceAt.toISOString().slice(0, 16).replaceAll(":", "");
    const kept = serverToken.file.replace(".sops.yaml", `.until-${until}.sops.yaml`);
    await rename(findServerTokenFile(place.site), path.join(place.site.folder, kept));
    await write(place, serverToken, token.trim());
    return "replaced";
  }
  const file = showPath(findServerTokenFile(place.site));
  throw new InfraError({
    code: "SECRETS_ESCROW_DIFFERS",
    message: "the escrowed server token is not the one of the running server",
    where: { file },
    why: "the cluster was made anew, its token was rotated, or this is another cluster",
    fix: `If the server is the right one, remove the file and run the same command again: git rm ${file}\nKeep the old one for as long as you keep etcd snapshots of its time`,
    exitCode: exitCodes.needsPerson,
  });
}

/**
 * Sees that the server's token could be kept, before there is a server. Throws EXEC_MISSING without
 * sops, SECRETS_NOT_MADE, and what checkWritable and readSecret throw.
 */
export async function checkTokenEscrow(place: SecretsPlace): Promise<void> {
  await checkSops(place.env);
  const hasKey = (await readPrivateFile(place.site.ageKeyFile)) !== undefined;
  if (!hasKey || (await loadRules(place.site)) === undefined) throw noSecrets(place.site);
  await checkWritable(findServerTokenFile(place.site), place);
  await read(place, serverToken);
}

/** Compares the server's token with the escrowed one. Throws what readSecret throws. */
export async function compareServerToken(
  place: SecretsPlace,
  token: string,
): Promise<"same" | "different" | "missing"> {
  registerSecret(token);
  const escrowed = await read(place, serverToken);
  if (escrowed === undefined) return "missing";
  return escrowed.trim() === token.trim() ? "same" : "different";
}

/** Keeps the password of Ansible's vault, so that one key opens everything. Throws as writeSecret. */
export async function escrowVaultPassword(place: SecretsPlace, password: string): Promise<void> {
  await write(place, vaultPassword, password.trim());
}

/** The escrowed password of Ansible's vault, if there is one. Throws as readSecret. */
export async function readVaultPassword(place: SecretsPlace): Promise<string | undefined> {
  return await read(place, vaultPassword);
}

function noSecrets({ ageKeyFile }: SecretsPlace["site"]): InfraError {
  return new InfraError({
    code: "SECRETS_NOT_MADE",
    message: "this site has no secrets yet; nothing was changed",
    why: `without ${showPath(ageKeyFile)} and .sops.yaml the server's token could not be kept`,
    fix: "npx zx scripts/setup/init-secrets.ts",
  });
}

async function write(
  place: SecretsPlace,
  { file, name, key }: Escrow,
  value: string,
): Promise<void> {
  await writeSecret(
    path.join(place.site.folder, file),
    {
      name,
      namespace: "kube-system",
      annotations: { "infra-k3s.io/escrow": "never applied; for a rebuild of the cluster" },
      values: { [key]: value },
    },
    place,
  );
}

async function read(place: SecretsPlace, { file, key }: Escrow): Promise<string | undefined> {
  const values = await readSecret(path.join(place.site.folder, file), place);
  const value = values?.[key];
  if (values === undefined || value) return value;
  throw new InfraError({
    code: "SECRETS_SECRET_INVALID",
    message: `this Secret has no "${key}"`,
    where: { file: showPath(path.join(place.site.folder, file)) },
    fix: "Take the file from Git as it was, or remove it and run the same command again",
  });
}
