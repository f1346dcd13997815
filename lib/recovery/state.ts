import type {
  Application,
  Backup,
  BackupStorageLocation,
  ConfigMap,
  Lease,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodVolumeBackup,
  Schedule,
  Workload,
} from "../objects.ts";
import { veleroNamespace } from "../velero/names.ts";
import type { World } from "../world.ts";

/** Everything a recovery plan is made from, read once; planning itself touches nothing. */
export interface ClusterState {
  /** Milliseconds since 1970. */
  now: number;
  /** RFC 3339; nothing that is older is of this cluster. */
  clusterCreatedAt: string | undefined;
  nodes: Node[];
  /** Heartbeats of the nodes, by node name. */
  heartbeats: Map<string, Lease>;
  volumes: PersistentVolume[];
  claims: PersistentVolumeClaim[];
  pods: Pod[];
  /** Deployments, ReplicaSets, StatefulSets, Jobs: what owns pods, by UID. */
  owners: Map<string, Workload>;
  /** local-path's settings, of the namespace it runs in. */
  localPathConfig: ConfigMap | undefined;
  podVolumeBackups: PodVolumeBackup[];
  backups: Map<string, Backup>;
  locations: Map<string, BackupStorageLocation>;
  schedules: Schedule[];
  applications: Application[];
}

/** Reads the state; lists go in pages and at once. Throws what Cluster throws. */
export async function readClusterState(
  world: Pick<World, "cluster" | "clock">,
): Promise<ClusterState> {
  const { cluster, clock } = world;
  const velero = { namespace: veleroNamespace };
  const [
    nodes,
    leases,
    volumes,
    claims,
    pods,
    deployments,
    replicaSets,
    statefulSets,
    jobs,
    localPathConfig,
    podVolumeBackups,
    backups,
    locations,
    schedules,
    applications,
    kubeSystem,
  ] = await Promise.all([
    cluster.list("Node"),
    cluster.list("Lease", { namespace: "kube-node-lease" }),
    cluster.list("PersistentVolume"),
    cluster.list("PersistentVolumeClaim"),
    cluster.list("Pod"),
    cluster.list("Deployment"),
    cluster.list("ReplicaSet"),
    cluster.list("StatefulSet"),
    cluster.list("Job"),
    findLocalPathConfig(cluster),
    cluster.list("PodVolumeBackup", velero),
    cluster.list("Backup", velero),
    cluster.list("BackupStorageLocation", velero),
    cluster.list("Schedule", velero),
    cluster.list("Application"),
    cluster.find({ kind: "Namespace", name: "kube-system" }),
  ]);
  return {
    now: clock.now(),
    clusterCreatedAt: kubeSystem?.metadata.creationTimestamp,
    nodes,
    heartbeats: byName(leases),
    volumes,
    claims,
    pods,
    owners: new Map(
      [...deployments, ...replicaSets, ...statefulSets, ...jobs].map((one) => [
        one.metadata.uid ?? "",
        one,
      ]),
    ),
    localPathConfig,
    podVolumeBackups,
    backups: byName(backups),
    locations: byName(locations),
    schedules,
    applications,
  };
}

/** k3s keeps local-path in kube-system, its own manifest in local-path-storage. */
async function findLocalPathConfig(cluster: World["cluster"]): Promise<ConfigMap | undefined> {
  const name = "local-path-config";
  return (
    (await cluster.find({ kind: "ConfigMap", name, namespace: "kube-system" })) ??
    (await cluster.find({ kind: "ConfigMap", name, namespace: "local-path-storage" }))
  );
}

function byName<T extends { metadata: { name: string } }>(objects: T[]): Map<string, T> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}
