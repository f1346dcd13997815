import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, InfraError } from "../lib/errors.ts";
import type { Components } from "./build-components.ts";
import { findCacheFolder } from "./cache.ts";
import { ensureCertificates } from "./certificates.ts";
import { readHealth } from "./clouds/control.ts";
import type { ServeSettings } from "./clouds/settings.ts";
import { planLabRecords } from "./dns-records.ts";
import { addresses, serverNames } from "./host-list.ts";
import { enterNamespace, listNamespaceProcesses, serversNamespace } from "./network.ts";
import type { LabPaths } from "./paths.ts";
import { writeHeadscaleFiles } from "./mesh/headscale.ts";
import { killAll, readCommandLine } from "./processes.ts";
import type { Progress } from "./progress.ts";
import { ensureSecrets } from "./server-secrets.ts";
import type { SiteSettings } from "./site.ts";

const cloudsFolder = path.join(import.meta.dirname, "clouds");

const ports = {
  s3: 9000,
  power: 9443,
  cloudflare: 9444,
  dns: 53,
  files: 8080,
  git: 7443,
  // No URL of production names a port.
  upstreamFiles: 443,
  versitygw: 7070,
  mesh: 8443,
  stun: 3478,
} as const;

/** Where the lab's servers answer, from its hosts and its operator. */
export const serverUrls = {
  s3: `https://${addresses.servers}:${ports.s3}`,
  power: `https://${addresses.servers}:${ports.power}/v1`,
  cloudflare: `https://${addresses.servers}:${ports.cloudflare}/client/v4`,
  files: `http://${addresses.servers}:${ports.files}`,
  mesh: `https://${addresses.servers}:${ports.mesh}`,
  /** Of the repository that publish() makes. */
  git: `https://${addresses.servers}:${ports.git}/infra-k3s.git`,
} as const;

/** Where the hosts download a file, or all files, of an entry of the cache. */
export function findFileUrl(entry: string, file = ""): string {
  return [serverUrls.files, path.basename(entry), file].join("/").replace(/\/$/, "");
}

/** The groups of components that servers, and where one is wanted the mesh, are made of. */
export function listServerGroups({ withMesh }: { withMesh: boolean }): string[] {
  return withMesh ? ["versitygw", "headscale", "tailscale"] : ["versitygw"];
}

/** The bucket that Velero keeps its backups in. */
export const backupBucket = "velero";

/** On a machine that is busy with something else. */
const startSeconds = 30;

const shownLines = 8;

export interface ServersOptions {
  /** With headscale among them the mesh's coordination server is one of the servers. */
  components: Pick<Components, "programs">;
  /** From ensureUpstreamFiles. */
  upstreamFolder: string;
  /** From ensureKnotFiles. */
  knot: string;
  progress: Progress;
  signal?: AbortSignal;
}

/** What the lab's site says of its servers. */
export function planServerSettings(paths: LabPaths): SiteSettings {
  const caFile = path.relative(paths.state, paths.servers.ca);
  return {
    power: { hetzner: { url: serverUrls.power, caFile } },
    objectStore: { url: serverUrls.s3, caFile },
    cloudflare: { url: serverUrls.cloudflare, caFile },
  };
}

/**
 * Starts the lab's servers in their namespace unless they run: the bucket, the APIs of the provider and of
 * Cloudflare, DNS, the files of the cache and of GitHub, Git and, where there is to be one, the mesh's
 * coordination server; returns when they answer. Those of another version are replaced. Throws
 * LAB_SERVERS_FAILED, EXEC_MISSING and EXEC_FAILED, and the reason of `signal`.
 */
export async function ensureServers(paths: LabPaths, options: ServersOptions): Promise<void> {
  const { progress } = options;
  const { folder, buckets, control, settings: file } = paths.servers;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await mkdir(path.join(buckets, backupBucket), { recursive: true });
  await ensureSecrets(paths.servers);
  await ensureCertificates(paths.servers, serverNames);
  const settings = await planSettings(paths, options);
  const running = await readHealth(control).catch(() => undefined);
  if (running?.version === settings.version) {
    progress.say(`the lab's servers ran already at ${addresses.servers}`);
    return;
  }
  await stopServers(paths);
  await writeFile(file, JSON.stringify(settings, undefined, 2), { mode: 0o600 });
  try {
    await start(paths, settings, options.signal);
  } catch (error) {
    await stopServers(paths);
    throw error;
  }
  const names = [
    "S3",
    "power",
    "Cloudflare",
    "DNS",
    "files",
    "Git",
    "GitHub's files",
    ...(settings.headscale === undefined ? [] : ["mesh"]),
  ];
  progress.say(`the lab's servers are up: ${names.join(", ")} at ${addresses.servers}`);
}

/** Ends the servers if they run; the buckets stay. Throws LAB_PROCESS_STUCK. */
export async function stopServers(paths: LabPaths): Promise<number> {
  return await killAll(async () => {
    const pids = await listNamespaceProcesses(serversNamespace);
    const lines = await Promise.all(pids.map(readCommandLine));
    // Hosts that they have switched on are in that namespace too, and their children end with them.
    return pids.filter((_, index) => lines[index]?.includes(paths.servers.settings));
  });
}

async function planSettings(
  paths: LabPaths,
  { components, upstreamFolder, knot }: ServersOptions,
): Promise<ServeSettings> {
  const { tls, token, cloudflareToken, s3Keys, buckets, control, dns, git, mesh } = paths.servers;
  const { versitygw, headscale } = components.programs;
  if (versitygw === undefined) throw new Error("the program versitygw was not built");
  const settings = {
    // Its parent's parent, by findPaths.
    stateHome: path.dirname(path.dirname(paths.state)),
    address: addresses.servers,
    ports,
    certificate: { key: path.join(tls, "server.key"), cert: path.join(tls, "server.pem") },
    tokenFile: token,
    cloudflareTokenFile: cloudflareToken,
    records: planLabRecords(),
    dns: { knot, folder: dns },
    keysFile: s3Keys,
    versitygw,
    ...(headscale === undefined
      ? {}
      : { headscale: { program: headscale, config: mesh.config, socket: mesh.socket } }),
    bucketsFolder: buckets,
    cacheFolder: findCacheFolder(),
    git: { folder: git.folder, passwordFile: git.password },
    upstreamFolder,
    controlSocket: control,
  };
  const hash = createHash("sha256").update(JSON.stringify(settings));
  for (const text of await writeHeadscaleFiles(mesh, settings)) hash.update(text);
  // Whatever of the lab they import, they are to run as it is now.
  for (const folder of [cloudsFolder, import.meta.dirname]) {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".ts")).toSorted();
    for (const name of names) hash.update(await readFile(path.join(folder, name)));
  }
  return { version: hash.digest("hex").slice(0, 16), ...settings };
}

async function start(
  paths: LabPaths,
  { version }: ServeSettings,
  signal?: AbortSignal,
): Promise<void> {
  const { settings, control, log } = paths.servers;
  const script = path.join(cloudsFolder, "serve.ts");
  const argv = [...enterNamespace(serversNamespace), process.execPath, script, settings];
  const output = await open(log, "w", 0o600);
  const child = spawn(argv[0] ?? "", argv.slice(1), {
    cwd: "/",
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    detached: true,
    stdio: ["ignore", output.fd, output.fd],
  });
  let end: string | undefined;
  child.once("error", (error) => (end = error.message));
  child.once("exit", (code, killedBy) => (end = `ended with ${killedBy ?? `code ${code}`}`));
  await output.close();
  const deadline = Date.now() + startSeconds * 1000;
  while ((await readHealth(control).catch(() => undefined))?.version !== version) {
    if (end !== undefined) throw await failed(log, `they ${end}`);
    if (Date.now() > deadline) throw await failed(log, `no answer within ${startSeconds} s`);
    signal?.throwIfAborted();
    await sleep(50);
  }
  child.unref();
}

async function failed(log: string, why: string): Promise<InfraError> {
  const text = await readFile(log, "utf8");
  const lines = text.trimEnd().split("\n").slice(-shownLines).join("\n");
  return new InfraError({
    code: "LAB_SERVERS_FAILED",
    message: "the lab's servers did not come up",
    where: { file: log },
    why: lines === "" ? why : `${why}\n${lines}`,
    fix: "Correct what it complains about, then run the same command again",
    exitCode: exitCodes.failed,
  });
}
