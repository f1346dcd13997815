import { setTimeout as sleep } from "node:timers/promises";
import type { Test } from "tap";
import type { Cluster } from "../../../lab/kubectl.ts";
import { labHosts } from "../../../lab/host-list.ts";
import type { LabPaths } from "../../../lab/paths.ts";
import { powerOff } from "../../../lab/power.ts";
import type { Backup, Pod } from "../../../lib/objects.ts";

interface Place {
  paths: LabPaths;
  cluster: Cluster;
  /** The node that is to be lost; the shop's database is on another one. */
  node: string;
  signal: AbortSignal;
}

/** What has to survive its node. */
const survivors = [
  { namespace: "velero", selector: "deploy=velero" },
  { namespace: "kube-system", selector: "k8s-app=kube-dns" },
  { namespace: "argocd", selector: "app.kubernetes.io/name" },
];

const dnsSeconds = 60;
const backupSeconds = 180;
const argoSeconds = 240;

/** Sees that names, backups and Git go on after the loss of the node that all of them ran on. */
export async function testLostNode(t: Test, place: Place): Promise<void> {
  const { cluster, paths, node } = place;
  await gather(place);
  for (const one of survivors) {
    const nodes = (await listPods(cluster, one)).map(({ spec }) => spec.nodeName);
    t.ok(nodes.includes(node), `${one.namespace} is on ${node}: ${nodes.join(", ")}`);
  }

  t.equal(await askForName(cluster), 0, "a name is answered before");

  const lostAt = performance.now();
  const since = () => (performance.now() - lostAt) / 1000;
  await powerOff(paths, node);
  const [dns, backup] = await Promise.all([findDns(place, since), backUp(place, since)]);
  t.comment(`names: the last miss ${dns.toFixed(0)} s after the loss`);
  t.ok(dns <= dnsSeconds, `names are answered after ${dns.toFixed(0)} s`);
  t.comment(`backup: ${backup.phase} ${backup.seconds.toFixed(0)} s after the loss`);
  t.equal(backup.phase, "Completed");
  t.ok(backup.seconds <= backupSeconds, `a backup is complete after ${backup.seconds} s`);

  const healed = await heal(place, since);
  t.comment(`Git: a drift was healed ${healed.toFixed(0)} s after the loss`);
  t.ok(healed <= argoSeconds);
}

/** Puts everything that has to survive on the node. */
async function gather({ cluster, node, signal }: Place): Promise<void> {
  const { kubectl } = cluster;
  const others = labHosts.map(({ name }) => name).filter((name) => name !== node);
  await kubectl(["cordon", ...others]);
  for (const { namespace, selector } of survivors) {
    const pods = await listPods(cluster, { namespace, selector });
    // One of CoreDNS is enough, and the others have to go on.
    const movable = namespace === "kube-system" ? pods.slice(0, 1) : pods;
    if (namespace === "kube-system" && pods.some(({ spec }) => spec.nodeName === node)) continue;
    const names = movable.map(({ metadata }) => metadata.name);
    await kubectl(["delete", "pod", `--namespace=${namespace}`, ...names]);
  }
  const deadline = performance.now() + 180_000;
  for (const one of survivors) {
    while (!(await listPods(cluster, one)).every(isReady)) {
      if (performance.now() > deadline) throw new Error(`${one.namespace} did not come to ${node}`);
      await sleep(1000, undefined, { signal });
    }
  }
  await kubectl(["uncordon", ...others]);
}

async function listPods(
  { get }: Cluster,
  { namespace, selector }: { namespace: string; selector: string },
): Promise<Pod[]> {
  const { items } = await get<{ items: Pod[] }>(
    "pods",
    `--namespace=${namespace}`,
    `--selector=${selector}`,
  );
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

function isReady({ status }: Pod): boolean {
  return (
    status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false
  );
}

/** Asks the cluster's own DNS from within a pod; 0 when it has answered in three seconds. */
async function askForName({ kubectl }: Cluster): Promise<number> {
  const ask = "timeout 3 nslookup kubernetes.default.svc.cluster.local";
  const { code } = await kubectl(
    ["exec", "--namespace=shop", "postgres-0", "--", "/bin/sh", "-c", ask],
    { allowedCodes: Array.from({ length: 256 }, (_, one) => one) },
  );
  return code;
}

/** Asks for a name for two minutes; when the last question without an answer ended, in seconds. */
async function findDns({ cluster, signal }: Place, since: () => number): Promise<number> {
  let lastMiss = 0;
  while (since() < 2 * dnsSeconds) {
    if ((await askForName(cluster)) !== 0) lastMiss = since();
    await sleep(500, undefined, { signal });
  }
  return lastMiss;
}

/** Asks for a backup of the database, right after the loss. */
async function backUp(
  { cluster, signal }: Place,
  since: () => number,
): Promise<{ phase: string; seconds: number }> {
  const name = "after-the-loss";
  const backup = {
    apiVersion: "velero.io/v1",
    kind: "Backup",
    metadata: { name, namespace: "velero" },
    spec: {
      includedNamespaces: ["shop"],
      labelSelector: { matchLabels: { "app.kubernetes.io/name": "postgres" } },
      defaultVolumesToFsBackup: true,
      snapshotVolumes: false,
      excludedResources: ["secrets"],
      storageLocation: "default",
      ttl: "1h0m0s",
    },
  };
  await cluster.kubectl(["create", "--filename=-"], { stdin: JSON.stringify(backup) });
  for (;;) {
    const { status } = await cluster.get<Backup>(`backup.velero.io/${name}`, "--namespace=velero");
    const phase = status?.phase ?? "New";
    const hasEnded = /^(Completed|PartiallyFailed|Failed|FailedValidation)$/.test(phase);
    if (hasEnded || since() > 2 * backupSeconds) return { phase, seconds: since() };
    await sleep(1000, undefined, { signal });
  }
}

/** Changes what Git has otherwise; when it was put back, in seconds since the loss. */
async function heal({ cluster, signal }: Place, since: () => number): Promise<number> {
  const ref = ["schedule.velero.io/daily", "--namespace=velero"] as const;
  const read = async () =>
    (await cluster.get<{ spec: { schedule: string } }>(...ref)).spec.schedule;
  const wanted = await read();
  const patch = ["--type=merge", '--patch={"spec":{"schedule":"1 1 1 1 *"}}'];
  await cluster.kubectl(["patch", ...ref, ...patch]);
  while ((await read()) !== wanted && since() < 2 * argoSeconds) {
    await sleep(1000, undefined, { signal });
  }
  return since();
}
