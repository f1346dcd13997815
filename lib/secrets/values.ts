import { registerSecret } from "../cli/redact.ts";
import { InfraError } from "../errors.ts";

interface AskedValue {
  /** What it is, as the question and errors say it. */
  what: string;
  /** The variable that answers instead of a person; .envrc names those of R2 and Cloudflare. */
  variable: string;
  /** Without an answer it is empty. */
  optional?: true;
  /** What is wrong with a value; undefined when nothing is. */
  check(value: string): string | undefined;
}

function checkToken(value: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(value) ? undefined : "it has blanks or signs that no key has";
}

/** AWS begins its key ids so; R2's are 32 digits of base 16. */
function checkKeyId(value: string): string | undefined {
  if (/^(AKIA|ASIA)[A-Z0-9]{16}$/.test(value)) return "it is a key of AWS, not of Cloudflare R2";
  return checkToken(value);
}

function checkLine(value: string): string | undefined {
  return /[\r\n\0]/.test(value) ? "it has more than one line" : undefined;
}

function checkPrivateKey(value: string): string | undefined {
  const isKey = /^-----BEGIN [A-Z ]*PRIVATE KEY-----\n.+\n-----END [A-Z ]*PRIVATE KEY-----\s*$/s;
  if (isKey.test(value)) return undefined;
  return 'it is no private key in whole lines: export ARGOCD_GIT_SSH_KEY="$(cat FILE)"';
}

/** What only a person knows. */
export const askedValues = {
  tailscaleAuthKey: {
    what: "auth key of Tailscale, with which hosts join the mesh",
    variable: "TS_AUTHKEY",
    check: checkToken,
  },
  vultrPassword: {
    what: "password of the hosts at Vultr (empty: no host is logged in to with a password)",
    variable: "INFRA_K3S_VULTR_PASSWORD",
    optional: true,
    check: checkLine,
  },
  r2KeyId: {
    what: "access key id of Cloudflare R2",
    variable: "AWS_ACCESS_KEY_ID",
    check: checkKeyId,
  },
  r2Key: {
    what: "secret access key of Cloudflare R2",
    variable: "AWS_SECRET_ACCESS_KEY",
    check: checkToken,
  },
  cloudflareToken: {
    what: "API token of Cloudflare, for DNS",
    variable: "CLOUDFLARE_API_TOKEN",
    check: checkToken,
  },
  argocdGitPassword: {
    what: "password or token with which Argo CD reads your repository",
    variable: "ARGOCD_GIT_PASSWORD",
    check: checkLine,
  },
  argocdGitSshKey: {
    what: "private SSH key with which Argo CD reads your repository",
    variable: "ARGOCD_GIT_SSH_KEY",
    check: checkPrivateKey,
  },
} as const satisfies Record<string, AskedValue>;

export type ValueName = keyof typeof askedValues;

export type Values = Partial<Record<ValueName, string>>;

/**
 * The values of these names, registered, from the environment or a hidden question each. Throws
 * SECRETS_VALUE_MISSING, with all that are missing, and SECRETS_VALUE_INVALID.
 */
export async function collectValues(
  names: readonly ValueName[],
  env: NodeJS.ProcessEnv,
  askHidden: (question: string) => Promise<string | undefined>,
): Promise<Values> {
  const values: Values = {};
  const missing: ValueName[] = [];
  for (const name of names) {
    const asked: AskedValue = askedValues[name];
    const given = env[asked.variable] || undefined;
    const value = given ?? (await askHidden(`${asked.what}: `)) ?? "";
    registerSecret(value);
    if (value !== "") checkValue(asked, value, given !== undefined);
    else if (asked.optional !== true) missing.push(name);
    values[name] = value;
  }
  if (missing.length > 0) throw missingError(missing);
  return values;
}

function checkValue(asked: AskedValue, value: string, isGiven: boolean): void {
  const fault = asked.check(value);
  if (fault === undefined) return;
  throw new InfraError({
    code: "SECRETS_VALUE_INVALID",
    message: `this cannot be the ${asked.what}; nothing was changed`,
    why: isGiven ? `${asked.variable} is set, and ${fault}` : fault,
    fix: `Run the same command again with the right one${isGiven ? `, or unset ${asked.variable} to be asked` : ""}`,
  });
}

function missingError(missing: readonly ValueName[]): InfraError {
  const lines = missing.map((name) => `${askedValues[name].variable}: ${askedValues[name].what}`);
  return new InfraError({
    code: "SECRETS_VALUE_MISSING",
    message: `${missing.length} values are missing; nothing was changed`,
    why: lines.join("\n"),
    fix: "Run it in a terminal, which asks for them, or export these variables",
  });
}
