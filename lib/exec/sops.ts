import path from "node:path";
import { parseYamlDocuments } from "../config/parse-yaml.ts";
import { InfraError } from "../errors.ts";
import { checkProgram, run } from "./run.ts";

/** Where sops finds its rules and its key; nothing else of the machine is looked at. */
export interface SopsPlace {
  /** The folder of .sops.yaml. */
  folder: string;
  /** The age identities to decrypt with. */
  keyFile: string;
  /** Only its PATH is used. */
  env: NodeJS.ProcessEnv;
}

const installHint =
  "brew install sops; on Debian, from https://github.com/getsops/sops/releases: sudo dpkg -i sops_*_amd64.deb";

/** None of sops's work takes longer, unless it waits for somebody. */
const timeoutSeconds = 60;

/** Codes of sops (cmd/sops/codes/codes.go) that are an answer. */
const codes = { reason: 1, noKey: 128, macMismatch: 51, decryptTree: 25 };

/** Throws EXEC_MISSING, which says how to get it. */
export async function checkSops(env: NodeJS.ProcessEnv): Promise<void> {
  await checkProgram("sops", env, installHint);
}

/**
 * Encrypts a YAML text as the rule of .sops.yaml for `file` says; `file` need not be there. Throws
 * EXEC_MISSING, and EXEC_FAILED with sops's own words.
 */
export async function encryptYaml(text: string, file: string, place: SopsPlace): Promise<string> {
  const config = ["--config", path.join(place.folder, ".sops.yaml")];
  const argv = ["sops", ...config, "encrypt", "--filename-override", file] as const;
  const { stdout } = await run(argv, buildOptions(place, text));
  return stdout;
}

/**
 * Encrypts a YAML text for these public keys of age, whatever a .sops.yaml says: the values whose keys
 * `encryptedRegex` takes, with a MAC over these alone. Throws as encryptYaml.
 */
export async function encryptYamlFor(
  recipients: readonly string[],
  text: string,
  encryptedRegex: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const what = ["--age", recipients.join(","), "--encrypted-regex", encryptedRegex];
  const { stdout } = await run(
    // As sops reads its command line, this flag is none of its encrypt.
    ["sops", "--mac-only-encrypted", "encrypt", ...what, "--filename-override", "/x.yaml"],
    buildOptions({ folder: "/", keyFile: "/nonexistent", env }, text),
  );
  return stdout;
}

/** Whether sops takes a public key of age; its sum may be wrong. Throws EXEC_MISSING. */
export async function canEncryptFor(recipient: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const argv = ["sops", "encrypt", "--age", recipient, "--filename-override", "/x.yaml"] as const;
  const options = buildOptions({ folder: "/", keyFile: "/nonexistent", env }, "probe: value\n");
  const { code } = await run(argv, { ...options, allowedCodes: [0, 1, 128] });
  return code === 0;
}

/**
 * An encrypted file with a new data key, for `comes` more and `goes` fewer public keys of age; the file
 * itself stays as it is. Throws as decryptYaml.
 */
export async function rotateYaml(
  file: string,
  { comes, goes }: { comes: readonly string[]; goes: readonly string[] },
  place: SopsPlace,
): Promise<string> {
  const added = comes.length === 0 ? [] : ["--add-age", comes.join(",")];
  const removed = goes.length === 0 ? [] : ["--rm-age", goes.join(",")];
  return await runSops(["rotate", ...added, ...removed, file], "", file, place);
}

/**
 * Decrypts a text that was encrypted for `file`. Throws EXEC_MISSING, SECRETS_KEY_WRONG,
 * SECRETS_FILE_CHANGED and EXEC_FAILED.
 */
export async function decryptYaml(text: string, file: string, place: SopsPlace): Promise<unknown> {
  const argv = ["decrypt", "--output-type", "json", "--filename-override", file];
  return JSON.parse(await runSops(argv, text, file, place)) as unknown;
}

/** Every document of such a text, which may have more than JSON has room for. Throws as decryptYaml. */
export async function decryptDocuments(
  text: string,
  file: string,
  place: SopsPlace,
): Promise<unknown[]> {
  const clear = await runSops(["decrypt", "--filename-override", file], text, file, place);
  return (await parseYamlDocuments(clear, file)).map(({ value }) => value);
}

async function runSops(
  args: readonly string[],
  stdin: string,
  file: string,
  place: SopsPlace,
): Promise<string> {
  const allowedCodes = [0, ...Object.values(codes)];
  const options = { ...buildOptions(place, stdin), allowedCodes };
  const { stdout, stderr, code } = await run(["sops", ...args], options);
  if (code === 0) return stdout;
  throw explainFailure(code, stderr, file, place);
}

function explainFailure(code: number, stderr: string, file: string, place: SopsPlace): InfraError {
  if (code === codes.noKey) {
    return new InfraError({
      code: "SECRETS_KEY_WRONG",
      message: "the age key does not open this file",
      where: { file },
      why: `it was encrypted for other keys than those in ${place.keyFile}`,
      fix: "Put the right key there, or have somebody who has it run: sops updatekeys on the file",
    });
  }
  return new InfraError({
    code: "SECRETS_FILE_CHANGED",
    message: "this file cannot be decrypted whole",
    where: { file },
    why: readReason(stderr),
    fix: "It was changed by hand, or merged: take it from Git as it was, and change it with: sops edit",
  });
}

/** sops ends many messages with the values that it could not parse. */
function readReason(stderr: string): string {
  const [line = ""] = stderr.trim().split("\n");
  return line.slice(0, 200) || "sops does not say why";
}

function buildOptions({ folder, keyFile, env }: SopsPlace, stdin: string) {
  return {
    stdin,
    // Where sops looks for a .sops.yaml that says how files are laid out.
    cwd: folder,
    timeoutSeconds,
    installHint,
    env: {
      PATH: env["PATH"],
      SOPS_AGE_KEY_FILE: keyFile,
      SOPS_DISABLE_VERSION_CHECK: "true",
      // sops tries the home folder's age and ssh keys as well (age/keysource.go, loadIdentities),
      // and asks for their passphrases.
      HOME: "/nonexistent",
    },
  };
}
