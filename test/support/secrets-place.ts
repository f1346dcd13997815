import { randomUUID } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import type { Test } from "tap";
import type { Command } from "../../lib/cli/define-command.ts";
import { runCommand } from "../../lib/cli/run-command.ts";
import { initSecrets } from "../../lib/commands/init-secrets.ts";
import { rotateSecrets } from "../../lib/commands/rotate-secrets.ts";
import { loadSite, type Site } from "../../lib/config/site.ts";
import { createFakeTerminal, type FakeTerminal } from "./fake-terminal.ts";

/** What a person would type; each has signs that YAML, shells or INI files give a meaning. */
export const answers = {
  TS_AUTHKEY: "tskey-auth-kX:#{1}-'\"\\",
  INFRA_K3S_VULTR_PASSWORD: ' it\'s "a": - #{[*&!%@`\\ ü yes ',
  AWS_ACCESS_KEY_ID: "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
  AWS_SECRET_ACCESS_KEY: "9c8b7a69584736251403f2e1d0cbba98",
  CLOUDFLARE_API_TOKEN: "v1.0-0123_yes-token",
};

export interface SecretsPlace {
  folder: string;
  site: Site;
  env: NodeJS.ProcessEnv;
  /** Runs init-secrets on the site, with these variables beside PATH and HOME. */
  init(args?: string[], options?: InitOptions): Promise<InitResult>;
  /** The same with rotate-secrets, and no variables. */
  rotate(args?: string[], terminal?: FakeTerminal): Promise<InitResult>;
  path(file: string): string;
  read(file: string): string;
}

export interface InitOptions {
  variables?: Record<string, string>;
  terminal?: FakeTerminal;
  programs?: string;
}

export interface InitResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  questions: string[];
}

/**
 * A site of its own and programs from a folder of PATH; without anything secret yet, unless it is a
 * copy of another one.
 */
export async function createSecretsPlace(
  t: Test,
  programs: string,
  original?: SecretsPlace,
): Promise<SecretsPlace> {
  const settings = "name: test\nobjectStore: { url: https://s3.example.org }\n";
  const name = randomUUID();
  // A second call would empty it.
  if (!existsSync(t.testdirName)) t.testdir({});
  const folder = path.join(t.testdirName, name);
  mkdirSync(path.join(folder, "home"), { recursive: true });
  mkdirSync(path.join(folder, "site"));
  writeFileSync(path.join(folder, "site/site.yaml"), settings);
  if (original !== undefined) {
    cpSync(original.folder, path.join(folder, "site"), { recursive: true });
  }
  const site = await loadSite({ site: path.join(folder, "site"), env: {} });
  const HOME = path.join(folder, "home");
  const env = (first = programs) => ({ PATH: `${first}:/usr/bin:/bin`, HOME });
  const run = async (
    command: Command,
    args: string[],
    { variables = {}, terminal = createFakeTerminal(), programs: first }: InitOptions,
  ): Promise<InitResult> => {
    const before = { ...process.env };
    replaceEnvironment({ ...env(first), ...variables });
    try {
      const exitCode = await runCommand(command, ["--site", site.folder, ...args], terminal);
      const { stdout, stderr, questions } = terminal;
      return { exitCode, stdout, stderr, questions };
    } finally {
      replaceEnvironment(before);
      // The exit code of the test file is not the command's.
      process.exitCode = 0;
    }
  };
  return {
    folder: site.folder,
    site,
    env: env(),
    init: async (args = [], options = {}) =>
      await run(initSecrets, args, { variables: answers, ...options }),
    rotate: async (args = [], terminal = createFakeTerminal()) =>
      await run(rotateSecrets, args, { terminal }),
    path: (file) => path.join(site.folder, file),
    read: (file) => readFileSync(path.join(site.folder, file), "utf8"),
  };
}

function replaceEnvironment(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
}

/** Every file below a folder with its mode and its text. */
export function readTree(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const all = files.map(({ parentPath, name }) => {
    const file = path.join(parentPath, name);
    const mode = (statSync(file).mode & 0o777).toString(8);
    return [path.relative(folder, file), `${mode} ${readFileSync(file, "utf8")}`] as const;
  });
  return Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Replaces a part of a file, which has to be there. */
export function edit(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(file, "utf8");
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${file} has no ${String(from)}`);
  writeFileSync(file, changed);
}
