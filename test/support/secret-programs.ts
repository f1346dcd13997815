import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import path from "node:path";
import { parse, stringify } from "yaml";
import { exitCodes, InfraError } from "../../lib/errors.ts";
import * as exec from "../../lib/exec/run.ts";

/**
 * Stand-ins for age-keygen, sops and ansible-vault, for machines without them: the same arguments,
 * files, exit codes and complaints, as far as lib/exec uses them, but nothing is encrypted. They
 * take the place of lib/exec/run.ts, since some hundred processes would take too long for
 * `npm test`. The real programs go through the same scenarios in test/lab/secrets.test.ts.
 */
const programs = { "age-keygen": keygen, sops, "ansible-vault": ansibleVault };

interface Call {
  args: string[];
  stdin: string;
  env: NodeJS.ProcessEnv;
}

/** What the next run of a program answers instead of its own output. */
export const garble = new Map<string, (stdout: string) => string>();

/** Lets everything that is imported from now on run the stand-ins. */
export function useStandIns(): void {
  const real = new URL("../../lib/exec/run.ts", import.meta.url).href;
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const isOurs = resolved.url === real && context.parentURL !== import.meta.url;
      return isOurs ? { ...resolved, url: import.meta.url } : resolved;
    },
  });
}

/** Files of their names, which belong first on PATH: a program has to be there to be run. */
export function writePrograms(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(programs)) {
    writeFileSync(path.join(folder, name), "#!/bin/sh\nexit 99\n");
    chmodSync(path.join(folder, name), 0o755);
  }
  return folder;
}

export const checkProgram = exec.checkProgram;

/** In place of the function of lib/exec/run.ts. */
export const run: typeof exec.run = async (argv, options) => {
  const { env = process.env, stdin = "", allowedCodes = [0], installHint } = options ?? {};
  const [name, ...args] = argv;
  if (!Object.hasOwn(programs, name)) return await exec.run(argv, options);
  await exec.checkProgram(name, env, installHint);
  const result = { stdout: "", stderr: "", code: 0 };
  try {
    const stdout = programs[name as keyof typeof programs]({ args, stdin, env });
    result.stdout = garble.get(name)?.(stdout) ?? stdout;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    Object.assign(result, { stderr: error.message, code: error.code });
  }
  if (allowedCodes.includes(result.code)) return result;
  throw new InfraError({
    code: "EXEC_FAILED",
    message: `${name} ended with code ${result.code}`,
    why: result.stderr,
    exitCode: exitCodes.failed,
  });
};

class Failure extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

function fail(code: number, complaint: string): never {
  throw new Failure(code, complaint);
}

const letters = "023456789acdefghjklmnpqrstuvwxyz";

function spell(bytes: Uint8Array): string {
  return Array.from({ length: 58 }, (_, index) => letters[(bytes[index % 32] ?? 0) & 31]).join("");
}

function toRecipient(identity: string): string {
  return `age1${spell(createHash("sha256").update(identity).digest())}`;
}

function listIdentities(text: string): string[] {
  return text.match(/^AGE-SECRET-KEY-1\w{58}$/gm) ?? [];
}

function keygen({ args, stdin }: Call): string {
  if (args[0] === "-y") {
    const identities = listIdentities(stdin);
    if (identities.length === 0) fail(1, "age-keygen: error: no identities found in the input");
    return identities.map((one) => `${toRecipient(one)}\n`).join("");
  }
  const identity = `AGE-SECRET-KEY-1${spell(randomBytes(32)).toUpperCase()}`;
  return `# created: now\n# public key: ${toRecipient(identity)}\n${identity}\n`;
}

type Tree = Record<string, unknown>;

function sops({ args, stdin, env }: Call): string {
  const flag = (name: string) => args[args.indexOf(name) + 1] ?? "";
  const list = (name: string) => (args.includes(name) ? flag(name).split(",") : []);
  if (args[0] === "rotate") {
    const text = readFileSync(args.at(-1) ?? "", "utf8");
    return rotate(text, list("--add-age"), list("--rm-age"), env["SOPS_AGE_KEY_FILE"] ?? "");
  }
  const tree = parse(stdin) as Tree;
  if (args.includes("decrypt")) return decrypt(tree, env["SOPS_AGE_KEY_FILE"] ?? "");
  if (args.includes("--age")) {
    const regex = args.includes("--encrypted-regex") ? flag("--encrypted-regex") : ".";
    return encrypt(tree, flag("--age").split(","), new RegExp(regex));
  }
  return encryptByRule(tree, flag("--config"), flag("--filename-override"));
}

function encryptByRule(tree: Tree, config: string, file: string): string {
  const relative = path.relative(path.dirname(config), file);
  const { creation_rules: rules } = parse(readFileSync(config, "utf8")) as {
    creation_rules: { path_regex?: string; encrypted_regex: string; age: string[] }[];
  };
  const rule = rules.find(({ path_regex: regex = "" }) => new RegExp(regex).test(relative));
  if (rule === undefined) fail(1, "error loading config: no matching creation rules found");
  return encrypt(tree, rule.age, new RegExp(rule.encrypted_regex));
}

function encrypt(tree: Tree, recipients: string[], encrypted: RegExp): string {
  // A sum that is wrong, as far as the stand-in can know it.
  if (recipients.some((one) => one.endsWith("qqqqqq"))) fail(1, "malformed recipient");
  // Stands for the data key, of which each recipient has a copy.
  const enc = randomBytes(8).toString("hex");
  const out = Object.entries(tree).map(([key, value]) =>
    encrypted.test(key) ? [key, mapTexts(value, (text) => hide(text, enc))] : [key, value],
  );
  const age = recipients.map((recipient) => ({ recipient, enc }));
  const metadata = { age, mac: computeMac(tree, encrypted), encrypted_regex: encrypted.source };
  return stringify({ ...Object.fromEntries(out), sops: metadata });
}

function rotate(text: string, added: string[], removed: string[], keyFile: string): string {
  const tree = parse(text) as Tree;
  const { age, encrypted_regex } = tree["sops"] as {
    age: { recipient: string }[];
    encrypted_regex: string;
  };
  const clear = JSON.parse(decrypt(tree, keyFile)) as Tree;
  const there = [...age.map(({ recipient }) => recipient), ...added];
  const recipients = there.filter((one) => !removed.includes(one));
  return encrypt(clear, recipients, new RegExp(encrypted_regex));
}

function decrypt({ sops: metadata, ...tree }: Tree, keyFile: string): string {
  const { age, mac, encrypted_regex } = metadata as {
    age: { recipient: string }[];
    mac: string;
    encrypted_regex: string;
  };
  const identities = listIdentities(readFileSync(keyFile, "utf8"));
  const own = identities.map(toRecipient);
  if (!age.some(({ recipient }) => own.includes(recipient))) {
    fail(128, "Failed to get the data key required to decrypt the SOPS file.");
  }
  const clear = mapTexts(tree, show) as Tree;
  if (computeMac(clear, new RegExp(encrypted_regex)) !== mac) fail(51, "MAC mismatch.");
  return JSON.stringify(clear);
}

/** Of what is encrypted alone, as with mac_only_encrypted. */
function computeMac(clear: Tree, encrypted: RegExp): string {
  const sealed = Object.entries(clear).filter(([key]) => encrypted.test(key));
  return createHash("sha256").update(JSON.stringify(sealed)).digest("hex");
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, mapTexts(one, change)]),
  );
}

function hide(text: string, key: string): string {
  if (text === "") return "";
  return `ENC[AES256_GCM,data:${Buffer.from(text).toString("hex")},iv:${key},type:str]`;
}

function show(text: string): string {
  const [, hex] = /^ENC\[AES256_GCM,data:(\w*),/.exec(text) ?? [];
  return hex === undefined ? text : Buffer.from(hex, "hex").toString();
}

function ansibleVault({ args, stdin }: Call): string {
  const password = readFileSync(args[args.indexOf("--vault-password-file") + 1] ?? "", "utf8");
  const sum = createHash("sha256").update(password.trim()).digest("hex");
  if (args[0] === "encrypt") {
    return `$ANSIBLE_VAULT;1.1;AES256\n${sum}\n${Buffer.from(stdin).toString("hex")}\n`;
  }
  const [, given, hex = ""] = stdin.split("\n");
  if (given === undefined) fail(1, "[ERROR]: Input is not vault encrypted data. for -");
  if (given !== sum) {
    fail(1, "[ERROR]: Decryption failed (no vault secrets were found that could decrypt). for -");
  }
  return Buffer.from(hex, "hex").toString();
}
