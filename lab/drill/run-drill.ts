import { arch, cpus, release, totalmem } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readCounters, readProvider } from "../clouds/control.ts";
import { ensureCluster, type LabCluster } from "../cluster.ts";
import { labNames } from "../dns-records.ts";
import { labHosts } from "../host-list.ts";
import type { LabPaths } from "../paths.ts";
import { powerOff } from "../power.ts";
import { findFileUrl } from "../servers.ts";
import { bringUp, type UpOptions } from "../up.ts";
import { makeBackup } from "./backups.ts";
import { readCatalogue } from "./database.ts";
import { readEnvironments, type Started } from "./environments.ts";
import type { DrillFacts, MachineFacts } from "./facts.ts";
import { type FailOver, failOver, type Nodes } from "./fail-over.ts";
import { type LabParts, listCache, prepareParts } from "./lab-parts.ts";
import { type Before, lookAfter, readTrees } from "./look-after.ts";
import { type Cluster, openCluster } from "../kubectl.ts";
import { checkShop, listShopVolumes } from "./shop.ts";
import type { Traps } from "./traps.ts";
import { watchNames } from "./watch-names.ts";

export const drillNodes: Nodes = { source: "vps-aws-1", target: "vps-vultr-1" };

/** How long the till writes on after each backup. */
const writeSeconds = 4;

/** How long after a phase's start the processes that it has started are looked at. */
const glanceSeconds = 3;

export interface DrillOptions extends UpOptions {
  traps: Traps;
  /** What is done to the cluster right before the power is cut. */
  beforeFailure?: (cluster: Cluster) => Promise<void>;
  /** In place of one run of the failover command. */
  failOver?: FailOver;
}

/**
 * A whole drill from fresh hosts to the last look, all measured; the lab stays up. Throws what its
 * parts throw when there is nothing that could be judged.
 */
export async function runDrill(paths: LabPaths, options: DrillOptions): Promise<DrillFacts> {
  const { progress, signal, traps } = options;
  const { source, target } = drillNodes;
  const startedAt = Date.now();
  const phases: { name: string; seconds: number }[] = [];
  const glances: Promise<Started[]>[] = [];

  async function phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    progress.say(name);
    const start = performance.now();
    const timer = setTimeout(() => glances.push(readEnvironments()), glanceSeconds * 1000);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      phases.push({ name, seconds: (performance.now() - start) / 1000 });
    }
  }

  async function uploadedBy(work: () => Promise<void>): Promise<number> {
    const before = (await readCounters(paths.servers.control)).uploadedBytes;
    await work();
    return (await readCounters(paths.servers.control)).uploadedBytes - before;
  }

  const cached = await listCache();
  const parts = await phase(
    "parts out of the cache",
    async () => await prepareParts(paths, options),
  );
  await phase(
    "fresh hosts, the lab's servers and a mesh",
    async () => await bringUp(paths, { ...options, withMesh: true }),
  );
  const { phaseSeconds } = await phase(
    "cluster from bare hosts, and all that Git has for it, by init-cluster.ts",
    async () => await makeCluster(paths, parts, options),
  );
  const isWarm = cached.join() === (await listCache()).join();
  const cluster = openCluster(paths, parts.components.programs, signal);
  await checkShop(cluster, source);
  const before = await phase("look at the shop", async () => await lookBefore(paths, cluster));
  const backup = async (name: string) => await makeBackup(cluster, name, signal);
  const first = await phase(
    "first backup",
    async () => await uploadedBy(async () => await backup("drill-1")),
  );
  await phase("more orders", async () => await sleep(writeSeconds * 1000, undefined, { signal }));
  const second = await phase(
    "second backup",
    async () => await uploadedBy(async () => await backup("drill-2")),
  );
  await phase("more orders", async () => await sleep(writeSeconds * 1000, undefined, { signal }));
  await options.beforeFailure?.(cluster);
  const watch = watchNames(labNames, signal);

  const killedAt = Date.now();
  await phase(`${source} loses its power`, async () => await powerOff(paths, source));
  const powerAfterKill = await readPowerByProvider(paths, source);
  const failover = await phase(`failover to ${target}`, async () => {
    return await (options.failOver ?? failOver)(paths, drillNodes, {
      home: traps.home,
      onLine: (line) => progress.say(`  ${line}`),
      signal,
    });
  });
  const after = await phase(
    "look at all that came back",
    async () =>
      await lookAfter({
        paths,
        cluster,
        nodes: drillNodes,
        before,
        runId: failover.report?.runId,
        home: traps.home,
        progress,
        signal,
      }),
  );
  const answers = await watch.stop();
  glances.push(readEnvironments());
  const started = (await Promise.all(glances)).flat();
  return {
    machine: readMachineFacts(),
    versions: nameVersions(parts),
    isWarm,
    startedAt,
    endedAt: Date.now(),
    phases,
    gitopsSeconds:
      (phaseSeconds["install-argocd"] ?? NaN) + (phaseSeconds["await-applications"] ?? NaN),
    source,
    target,
    uploads: { first, second },
    refusals: (await readCounters(paths.servers.control)).refusals,
    killedAt,
    powerAfterKill,
    failover,
    answers,
    sourceIp: labHosts.find(({ name }) => name === source)?.address ?? "",
    ...after,
    traps: { planted: traps.count, touched: await traps.listTouched(started) },
  };
}

/** Makes the cluster that Git describes out of hosts that are up. Throws what ensureCluster throws. */
export async function makeCluster(
  paths: LabPaths,
  { components, release: k3s, extraImages }: LabParts,
  { progress, signal }: Pick<UpOptions, "progress" | "signal">,
): Promise<LabCluster> {
  return await ensureCluster(paths, {
    components,
    release: k3s,
    baseUrl: findFileUrl(k3s.folder),
    extraImages,
    withGitops: true,
    progress,
    signal,
  });
}

async function lookBefore(paths: LabPaths, cluster: Cluster): Promise<Before> {
  const volumes = await listShopVolumes(cluster);
  return {
    volumes,
    trees: await readTrees(paths, drillNodes.source, volumes),
    catalogue: await readCatalogue(cluster),
  };
}

async function readPowerByProvider(paths: LabPaths, host: string): Promise<string> {
  const id = labHosts.find(({ name }) => name === host)?.providerId ?? "";
  return (await readProvider(paths.servers.control)).servers[id]?.status ?? "unknown";
}

function readMachineFacts(): MachineFacts {
  return {
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    architecture: arch(),
  };
}

function nameVersions(parts: LabParts): Record<string, string> {
  const { release: k3s, components, versions, postgresVersion } = parts;
  const names = ["containerd", "velero", "kopia", "velero-plugin-for-aws", "versitygw"];
  return {
    node: process.version,
    k3s: k3s.version,
    ...Object.fromEntries(names.map((name) => [name, components.versions[name] ?? "unknown"])),
    "restore image": path.basename(versions.restoreImage.tag),
    postgresql: postgresVersion,
  };
}
