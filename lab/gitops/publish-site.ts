import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { loadSite } from "../../lib/config/site.ts";
import { run } from "../../lib/exec/run.ts";
import { writeSecret } from "../../lib/secrets/secret-file.ts";
import { buildOperatorEnvironment } from "../operator.ts";
import type { LabPaths } from "../paths.ts";
import { type Edits, publish } from "./repository.ts";

/** The secret of the shop's database, below the site's folder; and where its overlay has it. */
const shopSecret = {
  file: "kubernetes/apps/shop/postgres.sops.yaml",
  published: "lab/gitops/shop/postgres.sops.yaml",
};

/**
 * Gives the lab's git server the work tree as it is now, with what only this lab knows: its CA, and
 * its encrypted secrets. The lab's site gets a clone of that, as a person has one. Returns the commit.
 * Throws what publish and writeSecret throw.
 */
export async function publishSite(paths: LabPaths): Promise<string> {
  await ensureShopSecret(paths);
  const edits = new Map([...(await listCaFiles(paths)), ...(await listSecretFiles(paths))]);
  const commit = await publish(paths, { message: "The work tree, for the lab", edits });
  await updateClone(paths);
  return commit;
}

/** The files of the overlays that hold the lab's CA, with it. */
async function listCaFiles({ servers }: LabPaths): Promise<Edits> {
  const ca = await readFile(servers.ca, "utf8");
  const fill = async (file: string, empty: string, value: string) => {
    const text = await readFile(path.join(repositoryRoot, file), "utf8");
    if (!text.includes(empty)) throw new Error(`${file} has no ${empty}`);
    return [file, text.replace(empty, value)] as const;
  };
  const pem = ['ca.pem: ""', `ca.pem: ${JSON.stringify(ca)}`] as const;
  return new Map([
    await fill("lab/gitops/site/ca.yaml", ...pem),
    await fill("lab/gitops/external-dns/ca.yaml", ...pem),
    await fill(
      "lab/gitops/velero/location.yaml",
      'caCert: ""',
      `caCert: ${Buffer.from(ca).toString("base64")}`,
    ),
  ]);
}

/** What init-secrets.ts has made for the cluster, where it would be committed. */
async function listSecretFiles({ state }: LabPaths): Promise<Edits> {
  const names = await readdir(path.join(state, "kubernetes"), { recursive: true });
  const files = names
    .filter((name) => name.endsWith(".sops.yaml"))
    .map((name) => path.join("kubernetes", name));
  const entries = files.map(async (file) => {
    const text = await readFile(path.join(state, file), "utf8");
    return [file === shopSecret.file ? shopSecret.published : file, text] as const;
  });
  return new Map(await Promise.all(entries));
}

async function ensureShopSecret(paths: LabPaths): Promise<void> {
  const file = path.join(paths.state, shopSecret.file);
  // The database knows one that is there already.
  if ((await stat(file).catch(() => undefined)) !== undefined) return;
  const env = buildOperatorEnvironment(paths, process.env);
  const site = await loadSite({ site: paths.state, env });
  const password = randomBytes(18).toString("base64url");
  await mkdir(path.dirname(file), { recursive: true });
  await writeSecret(
    file,
    { name: "postgres", namespace: "shop", values: { password } },
    { site, env },
  );
}

async function updateClone({ clone, servers }: LabPaths): Promise<void> {
  const { repository } = servers.git;
  const env = {
    PATH: process.env["PATH"],
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  if ((await stat(clone).catch(() => undefined)) === undefined) {
    await run(["git", "clone", "--quiet", repository, clone], { env });
    return;
  }
  await run(["git", "-C", clone, "fetch", "--quiet", "origin", "main"], { env });
  await run(["git", "-C", clone, "reset", "--quiet", "--hard", "FETCH_HEAD"], { env });
}
