import type { KubeObject, Node, Pod } from "../../../lib/objects.ts";
import type { JournalEntry, World } from "../../../lib/world.ts";
import { createClock, type MemoryClock } from "./clock.ts";
import { createCluster, type MemoryCluster } from "./cluster.ts";
import { type Controllers, startControllers } from "./controllers.ts";
import { createDns, type MemoryDns } from "./dns.ts";
import { createHosts, type HostState, type MemoryHosts } from "./hosts.ts";
import { createStaticRecords, type MemoryRecords } from "./static-records.ts";

/** A small cluster of three machines, in memory. */
export interface MemoryWorld extends World {
  cluster: MemoryCluster;
  hosts: MemoryHosts;
  power: MemoryHosts;
  dns: MemoryDns;
  staticRecords: MemoryRecords;
  clock: MemoryClock;
  controllers: Controllers;
  entries: (JournalEntry & { runId: string })[];
  /** Puts an object in as it is. */
  add(object: KubeObject): Promise<void>;
  /** Changes a machine without telling its provider. */
  setHost(name: string, state: HostState): void;
  /** Lets time pass for the controllers. */
  settle(seconds: number): Promise<void>;
}

export const source = "vps-aws-1";
export const target = "vps-vultr-1";
export const server = "vps-hetzner-1";
export const restoreImage = "infra-k3s/restore:1";

const gibibyte = 2 ** 30;
/** A kubelet's lease. */
const heartbeatSeconds = 10;
/** Kubernetes' own node-monitor-grace-period. */
const graceSeconds = 50;

/** Three machines, all up, with local-path and Velero's storage location. */
export async function createWorld(): Promise<MemoryWorld> {
  const clock = createClock();
  const cluster = createCluster(() => clock.now());
  const machines = [server, target, source].map((name, index) => ({
    name,
    publicIp: `10.0.0.${index + 1}`,
    state: "up" as HostState,
    power: "running" as const,
    freeBytes: 50 * gibibyte,
  }));
  const hosts = createHosts(machines, clock);
  const controllers = startControllers(cluster, hosts, clock);
  const entries: MemoryWorld["entries"] = [];
  const dns = createDns();
  let names = 0;
  const world: MemoryWorld = {
    cluster,
    hosts,
    power: hosts,
    dns,
    staticRecords: createStaticRecords(dns),
    clock,
    controllers,
    entries,
    journal: {
      async append(runId, entry) {
        entries.push({ ...entry, runId });
      },
    },
    random: {
      name() {
        names += 1;
        return `run${names}`;
      },
    },
    async add(object) {
      await cluster.create(object);
    },
    setHost(name, state) {
      keepNodes();
      const machine = hosts.machines.get(name);
      if (machine !== undefined) machine.state = state;
      controllers.schedule();
      clock.after(graceSeconds, keepNodes);
    },
    async settle(seconds) {
      await clock.sleep(seconds);
    },
  };

  /** Kubelets' heartbeats, and what the node controller makes of missing ones. */
  function keepNodes(): void {
    for (const { name, state } of machines) {
      const lease = { kind: "Lease", name, namespace: "kube-node-lease" } as const;
      const now = clock.now();
      const beat = new Date(now - (now % (heartbeatSeconds * 1000))).toISOString();
      if (state === "up" && cluster.peek(lease)?.spec?.renewTime !== beat) {
        cluster.change(lease, { spec: { renewTime: beat } });
      }
      const renewed = Date.parse(cluster.peek(lease)?.spec?.renewTime ?? "");
      const status = now - renewed >= graceSeconds * 1000 ? "Unknown" : "True";
      const node = cluster.peek({ kind: "Node", name });
      if (node !== undefined && node.status?.conditions?.[0]?.status !== status) {
        cluster.change(
          { kind: "Node", name },
          { status: { conditions: [{ type: "Ready", status }] } },
        );
      }
    }
  }

  for (const { name, publicIp } of machines) {
    await world.add(buildNode(name, publicIp));
    await world.add({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name, namespace: "kube-node-lease" },
    });
  }
  // Whenever somebody looks at a lease or a node, it is as fresh as a living kubelet keeps it.
  const find = cluster.find;
  cluster.find = async (ref) => {
    if (ref.kind === "Lease" || ref.kind === "Node") keepNodes();
    return await find(ref);
  };
  const list = cluster.list;
  cluster.list = async (kind, options) => {
    if (kind === "Lease" || kind === "Node") keepNodes();
    return await list(kind, options);
  };
  await addBasics(world);
  return world;
}

function buildNode(name: string, publicIp: string): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        ...(name === server ? { "node-role.kubernetes.io/control-plane": "true" } : {}),
      },
    },
    spec: {},
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      addresses: [{ type: "InternalIP", address: publicIp }],
      allocatable: { cpu: "2", memory: "8Gi" },
      images: [{ names: [`docker.io/${restoreImage}`] }],
      nodeInfo: { architecture: "amd64", bootID: name, kubeletVersion: "v1.36.3+k3s1" },
    },
  };
}

async function addBasics(world: MemoryWorld): Promise<void> {
  const objects: (KubeObject & Record<string, unknown>)[] = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } },
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "local-path" },
      provisioner: "rancher.io/local-path",
      reclaimPolicy: "Delete",
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "local-path-config", namespace: "kube-system" },
      data: {
        "config.json": JSON.stringify({
          nodePathMap: [{ node: "DEFAULT_PATH_FOR_NON_LISTED_NODES", paths: ["/storage"] }],
        }),
      },
    },
    {
      apiVersion: "velero.io/v1",
      kind: "BackupStorageLocation",
      metadata: { name: "default", namespace: "velero" },
      spec: {
        provider: "aws",
        objectStorage: { bucket: "velero" },
        config: { s3Url: "https://s3.lab", region: "auto" },
      },
      status: { phase: "Available", lastSyncedTime: "2026-01-01T00:00:00Z" },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "velero", namespace: "velero" },
      spec: {
        template: { spec: { containers: [{ name: "velero", image: "velero/velero:v1.18.3" }] } },
      },
    },
    {
      apiVersion: "velero.io/v1",
      kind: "Schedule",
      metadata: { name: "hourly-critical", namespace: "velero" },
      spec: { schedule: "0 * * * *", template: { includedNamespaces: ["demo"] } },
    },
  ];
  for (const object of objects) await world.add(object);
}

/** The one pod whose name starts so; for assertions. */
export function findPod(world: MemoryWorld, prefix: string): Pod | undefined {
  return world.cluster.all("Pod").find((pod) => pod.metadata.name.startsWith(prefix));
}
