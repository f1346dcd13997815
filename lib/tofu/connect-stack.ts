import { rmSync } from "node:fs";
import { chmod, copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { repositoryRoot } from "../config/paths.ts";
import type { Site } from "../config/site.ts";
import { InfraError } from "../errors.ts";
import { runTofu } from "../exec/tofu.ts";
import type { Stack } from "../stack.ts";
import { explainFailure, type Verb } from "./explain-failure.ts";
import { parsePlan } from "./parse-plan.ts";

/** What tofu needs of a site. */
export type StackSite = Pick<Site, "cloudflare" | "folder" | "inventoryFolder" | "objectStore">;

export interface StackOptions {
  /** The folder of the stack; the repository's own when left out. */
  folder?: string;
  /** Where its state is, a file of settings for the backend; R2's when left out. */
  backendFile?: string;
}

/** The shortest that OpenTofu's pbkdf2 takes. */
const shortestPassphrase = 16;

/**
 * The stack of tofu/, with the records and the inventory that it is given. The folder has to be
 * initialized: in an outage the registry of providers may be away. See Stack for what it throws.
 */
export function connectStack(
  site: StackSite,
  env: NodeJS.ProcessEnv,
  options: StackOptions = {},
): Stack {
  const tofu = openTofu(site, env, options);
  return {
    async plan(recordsFile) {
      const folder = await makeFolder();
      const file = path.join(folder, "plan");
      // Copies, since tofu reads them again when it carries the plan out.
      const read = {
        records: path.join(folder, "records.yaml"),
        hosts: path.join(folder, "hosts.yml"),
      };
      await copyFile(recordsFile, read.records);
      await copyFile(path.join(site.inventoryFolder, "hosts.yml"), read.hosts).catch(ignoreMissing);
      const variables = [`-var=records_file=${read.records}`, `-var=inventory_file=${read.hosts}`];
      await tofu("plan", [`-out=${file}`, ...variables, ...quiet]);
      await chmod(file, 0o600);
      return { file, changes: parsePlan(await tofu("show", ["-json", file])) };
    },
    async apply({ file }) {
      await tofu("apply", [...quiet, file]);
      removeFolder(path.dirname(file));
    },
  };
}

/**
 * Gets the folder ready: fetches providers, and opens the state where the site has it; again, it changes
 * nothing. Throws TOFU_MISSING, TOFU_STATE_KEY and TOFU_FAILED.
 */
export async function initStack(
  site: StackSite,
  env: NodeJS.ProcessEnv,
  options: StackOptions = {},
): Promise<void> {
  const folder = options.folder ?? stackFolder;
  const backendFile = options.backendFile ?? path.join(stackFolder, "backends/r2.s3.tfbackend");
  const ownFile = path.join(await makeFolder(), "site.s3.tfbackend");
  await writeFile(ownFile, renderBackend(site), { mode: 0o600 });
  const files = [backendFile, ownFile].map((file) => `-backend-config=${file}`);
  const tofu = openTofu(site, env, { ...options, folder });
  await tofu("init", ["-reconfigure", ...files, ...quiet]);
}

const stackFolder = path.join(repositoryRoot, "tofu");

const quiet = ["-input=false", "-no-color"];

/** Runs one command there and gives what it writes to stdout; throws what explainFailure makes of the rest. */
function openTofu(
  site: StackSite,
  env: NodeJS.ProcessEnv,
  { folder = stackFolder }: StackOptions,
): (verb: Verb, args: readonly string[]) => Promise<string> {
  return async (verb, args) => {
    checkPassphrase(env);
    const variables = listVariables(site);
    const { code, stdout, stderr } = await runTofu([verb, ...args], { folder, env, variables });
    if (code !== 0) throw explainFailure(verb, stderr);
    return stdout;
  };
}

function checkPassphrase(env: NodeJS.ProcessEnv): void {
  const passphrase = env["TF_VAR_state_passphrase"] ?? "";
  if (passphrase.length >= shortestPassphrase) return;
  throw new InfraError({
    code: "TOFU_STATE_KEY",
    message: "there is no passphrase for tofu's state; nothing was changed",
    why:
      passphrase === ""
        ? "TF_VAR_state_passphrase is not set"
        : `TF_VAR_state_passphrase has fewer than ${shortestPassphrase} characters`,
    fix: "Export TF_VAR_state_passphrase in .envrc; it is kept where docs/how-to/dns-and-buckets.md says",
  });
}

/** What a site that is not the work tree has of its own: which state it is, and where its servers are. */
function listVariables({ folder, cloudflare }: StackSite): Record<string, string> {
  return {
    ...(folder === repositoryRoot ? {} : { TF_DATA_DIR: path.join(folder, ".terraform") }),
    ...(cloudflare === undefined ? {} : { CLOUDFLARE_BASE_URL: cloudflare.url }),
    ...(cloudflare?.caFile === undefined ? {} : { SSL_CERT_FILE: cloudflare.caFile }),
  };
}

/** Over the file of the backend, for a site with a store of its own. */
function renderBackend({ objectStore }: StackSite): string {
  if (objectStore === undefined) return "";
  const { url, caFile } = objectStore;
  const ca = caFile === undefined ? "" : `custom_ca_bundle = ${JSON.stringify(caFile)}\n`;
  return `endpoints = { s3 = ${JSON.stringify(url)} }\n${ca}`;
}

/** Without nodes in the records tofu does not look for it. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

const folders: string[] = [];

/** For this user alone; removed with all that is in it when the program ends by itself. */
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "infra-k3s-tofu-"));
  if (folders.length === 0) process.once("exit", () => folders.forEach(removeFolder));
  folders.push(folder);
  return folder;
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
