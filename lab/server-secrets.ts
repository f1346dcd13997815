import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { registerSecret } from "../lib/cli/redact.ts";
import { gitUser, parseKeys } from "./clouds/settings.ts";
import type { ServerPaths } from "./paths.ts";

/**
 * Makes the tokens of the emulated provider and of the emulated Cloudflare, the keys of the bucket and the
 * password of the Git server, each for its owner only.
 */
export async function ensureSecrets(paths: ServerPaths): Promise<void> {
  const { token, cloudflareToken, s3Keys, git } = paths;
  await ensureSecret(git.password, () => `${randomBytes(32).toString("hex")}\n`);
  await ensureSecret(token, () => `${randomBytes(32).toString("hex")}\n`);
  await ensureSecret(cloudflareToken, () => `${randomBytes(32).toString("hex")}\n`);
  await ensureSecret(s3Keys, () => {
    const id = randomBytes(16).toString("hex");
    const secret = randomBytes(32).toString("hex");
    return `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;
  });
}

/** The variables that lib/ reads secrets from, as far as the lab has them. */
export function readSecretVariables(paths: ServerPaths): Record<string, string> {
  return {
    ...readVariable("HCLOUD_TOKEN", paths.token),
    ...readVariable("CLOUDFLARE_API_TOKEN", paths.cloudflareToken),
  };
}

function readVariable(name: string, file: string): Record<string, string> {
  let value: string;
  try {
    value = readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  registerSecret(value);
  return { [name]: value };
}

/** The file with the keys of the bucket, as it is. */
export async function readS3Keys({ s3Keys }: ServerPaths): Promise<string> {
  const text = await readFile(s3Keys, "utf8");
  registerSecret(parseKeys(text).secret);
  // As it stands in an object of Kubernetes.
  registerSecret(text);
  return text;
}

/** Who may read from the lab's Git server. */
export async function readGitLogin({
  git,
}: Pick<ServerPaths, "git">): Promise<{ username: string; password: string }> {
  const password = (await readFile(git.password, "utf8")).trim();
  registerSecret(password);
  return { username: gitUser, password };
}

/** Whole or not at all, so that a second run never finds half a secret. */
export async function ensureSecret(file: string, make: () => string): Promise<void> {
  if ((await stat(file).catch(() => undefined)) !== undefined) return;
  await writeFile(`${file}.new`, make(), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
