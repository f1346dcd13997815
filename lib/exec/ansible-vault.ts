import path from "node:path";
import { repositoryRoot } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { checkProgram, run } from "./run.ts";

const installHint = "brew install ansible; on Debian: pipx install 'ansible-core==2.19.*'";

/** It has to load Python and Ansible first. */
const timeoutSeconds = 120;

/** Throws EXEC_MISSING, which says how to get it. */
export async function checkAnsibleVault(env: NodeJS.ProcessEnv): Promise<void> {
  await checkProgram("ansible-vault", env, installHint);
}

/**
 * Encrypts a text with the password in a file. Throws EXEC_MISSING, and EXEC_FAILED with the words
 * of ansible-vault.
 */
export async function encryptVault(
  text: string,
  passwordFile: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const { stdout } = await run(buildArgv("encrypt", passwordFile), buildOptions(text, env));
  return stdout;
}

/**
 * The clear text of a vault; `file` is named in errors. Throws EXEC_MISSING,
 * SECRETS_VAULT_PASSWORD_WRONG and EXEC_FAILED.
 */
export async function decryptVault(
  vault: string,
  file: string,
  passwordFile: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const options = { ...buildOptions(vault, env), allowedCodes: [0, 1] };
  const { stdout, stderr, code } = await run(buildArgv("decrypt", passwordFile), options);
  if (code === 0) return stdout;
  const isWrong = stderr.includes("no vault secrets were found that could decrypt");
  throw new InfraError({
    code: isWrong ? "SECRETS_VAULT_PASSWORD_WRONG" : "SECRETS_VAULT_BROKEN",
    message: isWrong ? "the vault password does not open this file" : "this vault cannot be read",
    where: { file },
    why: isWrong
      ? `it was encrypted with another password than the one in ${passwordFile}`
      : stderr.trim().split("\n").at(-1)?.slice(0, 200) || "ansible-vault does not say why",
    fix: isWrong
      ? `Put the right password into ${passwordFile}`
      : "Take the file from Git as it was, and change it with: ansible-vault edit",
  });
}

/** Input and output are pipes: no clear text on a disk. */
function buildArgv(verb: "encrypt" | "decrypt", passwordFile: string): [string, ...string[]] {
  return ["ansible-vault", verb, "--vault-password-file", passwordFile, "--output", "-", "-"];
}

function buildOptions(stdin: string, env: NodeJS.ProcessEnv) {
  const own = Object.entries(env).filter(([name, value]) => {
    if (name.startsWith("ANSIBLE_")) return false;
    // Ansible runs with UTF-8 only, and Python takes it by itself unless LC_ALL says otherwise.
    return name !== "LC_ALL" || /utf-?8/i.test(value ?? "");
  });
  const ANSIBLE_CONFIG = path.join(repositoryRoot, "ansible/ansible.cfg");
  const ANSIBLE_HOME = path.join(repositoryRoot, ".cache/ansible");
  return {
    stdin,
    timeoutSeconds,
    installHint,
    // It makes this folder, which else would be in the home folder.
    env: { ...Object.fromEntries(own), ANSIBLE_CONFIG, ANSIBLE_HOME },
  };
}
