import { showPath } from "../config/paths.ts";
import { readRecipients } from "../exec/age-keygen.ts";
import { readPrivateFile } from "./files.ts";
import type { SecretsPlace } from "./secret-file.ts";

/** The public keys of the operator's key file; none when it is not there. */
export async function listOwnRecipients({ site, env }: SecretsPlace): Promise<string[]> {
  return await listRecipients(site.ageKeyFile, env);
}

/** The public keys of the file with the recovery key; none when it is not there. */
export async function listRecoveryRecipients({ site, env }: SecretsPlace): Promise<string[]> {
  return await listRecipients(site.recoveryKeyFile, env);
}

async function listRecipients(file: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const text = await readPrivateFile(file);
  return text === undefined ? [] : await readRecipients(text, showPath(file), env);
}
