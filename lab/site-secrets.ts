import { stat } from "node:fs/promises";
import { exitCodes, InfraError } from "../lib/errors.ts";
import { parseKeys } from "./clouds/settings.ts";
import { readLoginPassword } from "./logins.ts";
import { createHostKey } from "./mesh/variables.ts";
import type { LabPaths } from "./paths.ts";
import type { Progress } from "./progress.ts";
import { runScript } from "./run-script.ts";
import { readGitLogin, readS3Keys } from "./server-secrets.ts";

/**
 * Makes the secrets of the lab's site with the project's own command, once. The lab's servers must
 * run. Throws what createHostKey throws, and the error of init-secrets.ts.
 */
export async function ensureSiteSecrets(
  paths: LabPaths,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<void> {
  // Made before the vault; what lacks beside it, the command would make by itself.
  if ((await stat(paths.vaultPassword).catch(() => undefined)) !== undefined) return;
  const { id, secret } = parseKeys(await readS3Keys(paths.servers));
  const git = await readGitLogin(paths.servers);
  const { exitCode, document } = await runScript(paths, ["scripts/setup/init-secrets.ts"], {
    home: paths.ansible,
    env: {
      TS_AUTHKEY: await createHostKey(paths),
      INFRA_K3S_VULTR_PASSWORD: await readLoginPassword(paths),
      AWS_ACCESS_KEY_ID: id,
      AWS_SECRET_ACCESS_KEY: secret,
      ARGOCD_GIT_PASSWORD: git.password,
    },
    onLine: (line) => progress.say(`  ${line}`),
    signal,
  });
  if (exitCode === exitCodes.done) return;
  throw new InfraError({
    message: `init-secrets.ts ended with code ${exitCode}`,
    code: "LAB_SECRETS_FAILED",
    fix: "Correct it, then run the same command again",
    ...document.error,
    exitCode: exitCodes.failed,
  });
}
