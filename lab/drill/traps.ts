import { mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Started } from "./environments.ts";

/** Stands in every planted value, so that it is known wherever it turns up. */
const mark = "planted-by-the-drill";

/**
 * Older than any change of the files: a filesystem that keeps access times only where they say
 * something new (relatime) then notes the first read too.
 */
const longAgo = new Date("2001-01-01T00:00:00Z");

const kubeconfig = `apiVersion: v1
kind: Config
current-context: production
clusters: [{ name: production, cluster: { server: "https://127.0.0.1:1" } }]
contexts: [{ name: production, context: { cluster: production, user: admin } }]
users: [{ name: admin, user: { token: ${mark} } }]
`;

const inventory = `all:
  children:
    k3s_cluster:
      children:
        k3s_masters:
          hosts:
            production-1: { public_ip: 127.0.0.1, ansible_password: ${mark} }
`;

const awsKeys = `[default]\naws_access_key_id = ${mark}\naws_secret_access_key = ${mark}\n`;

/** What another place, a real one, would have lying about, by its path in the planted folder. */
const files: Readonly<Record<string, string>> = {
  "site/site.yaml": "name: production\nclusterName: production\n",
  "site/kubeconfig": kubeconfig,
  "site/inventory/hosts.yml": inventory,
  "home/.kube/config": kubeconfig,
  "home/.aws/credentials": awsKeys,
  "home/.aws/config": "[default]\nregion = nowhere\n",
  "home/.ansible.cfg": "[defaults]\ninventory = ../site/inventory\n",
  "home/.config/hcloud/cli.toml": `active_context = "production"\ntoken = "${mark}"\n`,
  "home/.config/sops/age/keys.txt": `${mark}\n`,
};

export interface Traps {
  /** What is planted into the environment of everything that the drill starts. */
  env: Readonly<Record<string, string>>;
  /** The home of what the drill starts as a person would. */
  home: string;
  /** How many files and variables there are. */
  count: number;
  /**
   * What was read, changed or handed on to a process that was started, one sentence each.
   */
  listTouched(started: readonly Started[]): Promise<string[]>;
  remove(): Promise<void>;
}

/**
 * Plants credentials of another place into `folder`, which is made anew: nothing of a drill may
 * read, change or hand on any of them.
 */
export async function plantTraps(folder: string): Promise<Traps> {
  await rm(folder, { recursive: true, force: true });
  const at = (name: string) => path.join(folder, name);
  const planted = { ...files, canary: mark };
  for (const [name, text] of Object.entries(planted)) {
    await mkdir(path.dirname(at(name)), { recursive: true, mode: 0o700 });
    await writeFile(at(name), text, { mode: 0o600 });
    await utimes(at(name), longAgo, new Date());
  }
  const before = await Promise.all(Object.keys(files).map(async (name) => await stat(at(name))));
  const env = buildEnvironment(at);
  return {
    env,
    home: at("home"),
    count: Object.keys(files).length + Object.keys(env).length,
    async listTouched(started) {
      const touched: string[] = [];
      for (const [index, name] of Object.keys(files).entries()) {
        const was = before[index];
        const is = await stat(at(name)).catch(() => undefined);
        if (is === undefined) touched.push(`${name} is gone`);
        else if (is.atimeMs !== was?.atimeMs) touched.push(`${name} was read`);
        // Any change of content, mode or owner sets this one, and nobody can set it back.
        else if (is.ctimeMs !== was.ctimeMs) touched.push(`${name} was changed`);
      }
      if (started.every(({ environment }) => environment === "")) {
        touched.push("no process was seen, so it is not known what they were given");
      }
      const given = started.filter(({ environment }) => environment.includes(mark));
      for (const command of new Set(given.map((one) => one.command))) {
        touched.push(`what is planted in the environment was given to: ${command}`);
      }
      if (!(await notesReads(at("canary")))) {
        touched.push(`${folder} does not note what is read there, so nothing is known`);
      }
      return touched;
    },
    async remove() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function buildEnvironment(at: (name: string) => string): Record<string, string> {
  const secrets = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "CLOUDFLARE_API_TOKEN",
    "HCLOUD_TOKEN",
    "SOPS_AGE_KEY",
    "TF_VAR_cloudflare_api_token",
    "VULTR_API_KEY",
  ];
  return {
    ...Object.fromEntries(secrets.map((name) => [name, mark])),
    ANSIBLE_CONFIG: at("home/.ansible.cfg"),
    ANSIBLE_INVENTORY: at("site/inventory/hosts.yml"),
    AWS_CONFIG_FILE: at("home/.aws/config"),
    AWS_SHARED_CREDENTIALS_FILE: at("home/.aws/credentials"),
    INFRA_K3S_SITE: at("site"),
    KUBECONFIG: at("site/kubeconfig"),
    SOPS_AGE_KEY_FILE: at("home/.config/sops/age/keys.txt"),
  };
}

/** Whether a read shows on this filesystem; it would not with the mount option noatime. */
async function notesReads(canary: string): Promise<boolean> {
  await utimes(canary, longAgo, new Date());
  const before = (await stat(canary)).atimeMs;
  await readFile(canary);
  return (await stat(canary)).atimeMs !== before;
}
