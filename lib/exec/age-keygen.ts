import { registerSecret } from "../cli/redact.ts";
import { InfraError } from "../errors.ts";
import { checkProgram, run } from "./run.ts";

const installHint = "brew install age; on Debian: sudo apt install age";
const timeoutSeconds = 30;

/** Throws EXEC_MISSING, which says how to get it. */
export async function checkAgeKeygen(env: NodeJS.ProcessEnv): Promise<void> {
  await checkProgram("age-keygen", env, installHint);
}

/** The text of a new file of identities, its secret registered. Throws EXEC_MISSING, EXEC_FAILED. */
export async function generateIdentity(env: NodeJS.ProcessEnv): Promise<string> {
  // The program of age's author, which the seed's setup installs: no cryptography of our own, and
  // the file is what everybody else's tools expect.
  const { stdout } = await run(["age-keygen"], { env, installHint, timeoutSeconds });
  registerIdentities(stdout);
  return stdout;
}

/**
 * The public keys of a text with identities, in its order; `file` is named in errors. Throws
 * EXEC_MISSING and SECRETS_KEY_INVALID.
 */
export async function readRecipients(
  identities: string,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  registerIdentities(identities);
  const argv = ["age-keygen", "-y"] as const;
  const options = { env, installHint, timeoutSeconds, stdin: identities, allowedCodes: [0, 1] };
  const { stdout, code } = await run(argv, options);
  const recipients = stdout.split("\n").filter((line) => line !== "");
  if (code === 0 && recipients.length > 0) return recipients;
  throw new InfraError({
    code: "SECRETS_KEY_INVALID",
    message: "this is not a file of age identities",
    where: { file },
    // age-keygen's own words quote the line that it cannot read.
    why: "age-keygen finds no AGE-SECRET-KEY-1… in it that it can read",
    fix: "Put the key there as age-keygen wrote it; a key with a passphrase is not supported",
  });
}

function registerIdentities(text: string): void {
  for (const [identity] of text.matchAll(/AGE-SECRET-KEY-\S+/gi)) registerSecret(identity);
}
