import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeApplication, isWell } from "../../lib/argocd/describe-application.ts";
import { argoNamespace, pausedAnnotation } from "../../lib/argocd/names.ts";
import { describeError, InfraError } from "../../lib/errors.ts";
import type { Application, PersistentVolume } from "../../lib/objects.ts";
import type { RecoveryStatus } from "../../lib/recovery/status.ts";
import type { LabPaths } from "../paths.ts";
import type { Progress } from "../progress.ts";
import { measureUntil } from "./container-log.ts";
import { examineDatabase, readCatalogue, readConfirmed, readKept } from "./database.ts";
import { countFiles, findOnDisk } from "./disk.ts";
import type { DrillFacts, OldVolume } from "./facts.ts";
import type { Nodes } from "./fail-over.ts";
import type { Cluster } from "../kubectl.ts";
import { runScript } from "../run-script.ts";
import { findPod, listShopVolumes, shopNamespace, type ShopVolume } from "./shop.ts";
import { timeKopia } from "./time-kopia.ts";
import { compareTrees, readTree, type Tree } from "./tree.ts";

/** What was seen while the source still lived. */
export interface Before {
  volumes: readonly ShopVolume[];
  trees: ReadonlyMap<string, Tree>;
  catalogue: string;
}

export interface LookOptions {
  paths: LabPaths;
  cluster: Cluster;
  nodes: Nodes;
  before: Before;
  runId: string | undefined;
  /** Its home folder, for a script. */
  home: string;
  progress: Progress;
  signal: AbortSignal;
}

type After = Pick<
  DrillFacts,
  "orders" | "database" | "trees" | "oldVolumes" | "applications" | "status" | "kopia"
>;

/** What was on the dead host of Argo CD starts elsewhere, and looks at everything again. */
const applicationSeconds = 120;

/** Nobody was asked, so nothing is known to be well. */
const unknownStatus: RecoveryStatus = {
  runs: [],
  nodes: [],
  volumes: [],
  schedules: [],
  applications: [],
  pods: [],
};

/**
 * Looks at everything that a failover may have done or left; what cannot be found out is told, and
 * left so that its check fails.
 */
export async function lookAfter(options: LookOptions): Promise<After> {
  const { cluster, nodes, paths, before, progress, signal, runId } = options;

  async function attempt<T>(what: string, work: () => Promise<T>, otherwise: T): Promise<T> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !(error instanceof InfraError)) throw error;
      progress.say(`${what} cannot be looked at: ${describeError(error)}`);
      return otherwise;
    }
  }

  // Confirmed first: what is confirmed later may be in the database, and not the other way round.
  const confirmed = await attempt("the till", async () => await readConfirmed(cluster), []);
  const kept = await attempt("the orders", async () => await readKept(cluster), []);
  const catalogue = await attempt("the catalogue", async () => await readCatalogue(cluster), "");
  const examined = await attempt("the database", async () => await examineDatabase(cluster), {
    amcheck: { exitCode: -1, output: "it was not run" },
    checksums: { enabled: false, failures: 0 },
    bytes: 0,
  });
  const start = await attempt(
    "the database's log",
    async () => await timeStart(options),
    undefined,
  );
  const trees = await attempt("the files", async () => await readTreesAfter(options), []);
  const oldVolumes = await attempt(
    "the old volumes",
    async () => await readOldVolumes(paths, cluster, nodes.source, before),
    [],
  );
  const applications = await attempt(
    "Argo CD",
    async () => await readApplications(cluster, signal),
    {},
  );
  const status = await attempt("the status", async () => await readStatus(options), unknownStatus);
  const kopia =
    runId === undefined
      ? []
      : await attempt("kopia", async () => await timeKopia(cluster, runId), []);
  return {
    orders: { confirmed, kept },
    database: {
      ...examined,
      catalogue: { before: before.catalogue, after: catalogue },
      ...(start === undefined ? {} : { startMilliseconds: start }),
    },
    trees,
    oldVolumes,
    applications,
    status,
    kopia,
  };
}

/** The content of every quiet volume, read on the disk of the host that has it. */
export async function readTrees(
  paths: LabPaths,
  host: string,
  volumes: readonly ShopVolume[],
): Promise<Map<string, Tree>> {
  const trees = new Map<string, Tree>();
  for (const { claim, folder, isQuiet } of volumes) {
    if (isQuiet) trees.set(claim, await readTree(findOnDisk(paths, host, folder)));
  }
  return trees;
}

async function readTreesAfter({
  paths,
  cluster,
  nodes,
  before,
}: LookOptions): Promise<After["trees"]> {
  const volumes = await listShopVolumes(cluster);
  const after = await readTrees(paths, nodes.target, volumes);
  return [...before.trees].map(([claim, tree]) => ({
    claim,
    before: tree,
    after: after.get(claim) ?? {},
  }));
}

async function readOldVolumes(
  paths: LabPaths,
  { get }: Cluster,
  source: string,
  { volumes, trees }: Before,
): Promise<OldVolume[]> {
  const now = await readTrees(paths, source, volumes);
  const { items } = await get<{ items: PersistentVolume[] }>("persistentvolumes");
  return await Promise.all(
    volumes.map(async ({ name, claim, folder }) => {
      const policy = items.find(({ metadata }) => metadata.name === name)?.spec
        .persistentVolumeReclaimPolicy;
      const files = await countFiles(findOnDisk(paths, source, folder));
      const faults = compareTrees(trees.get(claim) ?? {}, now.get(claim) ?? {});
      return { name, claim, files, faults, ...(policy === undefined ? {} : { policy }) };
    }),
  );
}

async function timeStart({ paths, cluster, nodes }: LookOptions): Promise<number | undefined> {
  const { name, uid } = (await findPod(cluster, "postgres"))?.metadata ?? {};
  // Where a kubelet keeps it: pkg/kubelet/kuberuntime/helpers.go, BuildPodLogsDirectory.
  const folder = path.join(
    paths.host(nodes.target).root,
    `var/log/pods/${shopNamespace}_${name}_${uid}/postgres`,
  );
  const log = await readFile(path.join(folder, "0.log"), "utf8").catch(() => "");
  return measureUntil(log, "database system is ready to accept connections");
}

async function readApplications(
  { get }: Cluster,
  signal: AbortSignal,
): Promise<DrillFacts["applications"]> {
  const deadline = performance.now() + applicationSeconds * 1000;
  for (;;) {
    const { items } = await get<{ items: Application[] }>(
      "applications.argoproj.io",
      `--namespace=${argoNamespace}`,
    );
    if (items.every(isWell) || performance.now() > deadline) {
      return Object.fromEntries(items.map((one) => [one.metadata.name, describe(one)]));
    }
    await sleep(1000, undefined, { signal });
  }
}

function describe(application: Application): string {
  const isPaused = pausedAnnotation in (application.metadata.annotations ?? {});
  return isPaused ? "paused" : describeApplication(application);
}

async function readStatus({ paths, home, signal }: LookOptions): Promise<RecoveryStatus> {
  const { document } = await runScript(paths, ["scripts/dr/status.ts"], { home, signal });
  return (document.result as RecoveryStatus | undefined) ?? unknownStatus;
}
