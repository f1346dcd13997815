import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Workload,
} from "../../../lib/objects.ts";
import { isBoundToNode, listClaimNames, readHostname } from "../../../lib/recovery/find-volumes.ts";
import type { Placement } from "../../../lib/recovery/hostname-pin.ts";
import { outOfServiceTaint } from "../../../lib/recovery/labels.ts";
import { findPlacementFaults } from "../../../lib/recovery/place-pod.ts";
import { parseQuantity } from "../../../lib/manifests/quantity.ts";
import type { MemoryCluster } from "./cluster.ts";
import type { MemoryHosts } from "./hosts.ts";
import type { MemoryClock } from "./clock.ts";

/** A start of an app on a volume: what the invariants are checked against. */
export interface AppStart {
  pod: string;
  claim: string;
  node: string;
  volume: string;
  /** What lay in the folder; undefined for an empty one. */
  content: string | undefined;
}

export interface Controllers {
  readonly starts: AppStart[];
  /** Volumes whose folder was emptied. */
  readonly wiped: string[];
  /** Reacts soon, as controllers do, and once to many writes. */
  schedule(): void;
}

/**
 * What the control plane, the kubelets and Velero do with the objects, cut down to what a recovery
 * leans on: binding, pvc-protection, StatefulSets and Deployments that never give up, scheduling by
 * volume, the out-of-service taint, force-deleted pods, local-path's wiping of deleted volumes.
 */
export function startControllers(
  cluster: MemoryCluster,
  hosts: MemoryHosts,
  clock: MemoryClock,
): Controllers {
  const starts: AppStart[] = [];
  const wiped: string[] = [];
  let scheduled = false;
  let names = 0;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    clock.after(0.02, () => {
      scheduled = false;
      reconcile();
    });
  }

  function reconcile(): void {
    collectPods();
    releaseClaims();
    runWorkloads();
    // Before pods are placed: a volume is provisioned only after the volume controller found none.
    bindVolumes();
    placePods();
    runPods();
    runVelero();
  }

  /** Kubelets confirm deletions on living nodes; PodGC empties nodes that are out of service. */
  function collectPods(): void {
    for (const pod of cluster.all("Pod")) {
      const { name, namespace = "", deletionTimestamp, uid } = pod.metadata;
      const ref = { kind: "Pod", name, namespace } as const;
      const node = pod.spec.nodeName;
      if (node === undefined) continue;
      if (deletionTimestamp !== undefined && hosts.isReachable(node)) {
        clock.after(1, () => {
          if (cluster.peek(ref)?.metadata.uid === uid) cluster.remove(ref);
        });
        continue;
      }
      const taints = cluster.peek({ kind: "Node", name: node })?.spec?.taints ?? [];
      if (taints.some((taint) => taint.key === outOfServiceTaint)) {
        clock.after(15, () => {
          if (cluster.peek(ref)?.metadata.uid === uid) cluster.remove(ref);
        });
      }
    }
  }

  /** pvc-protection: a claim that is being deleted goes once no placed pod names it. */
  function releaseClaims(): void {
    for (const claim of cluster.all("PersistentVolumeClaim")) {
      const { name, namespace = "", deletionTimestamp } = claim.metadata;
      if (deletionTimestamp === undefined) continue;
      const held = cluster
        .all("Pod")
        .some(
          (pod) =>
            pod.metadata.namespace === namespace &&
            pod.spec.nodeName !== undefined &&
            listClaimNames(pod).includes(name),
        );
      if (held) continue;
      cluster.remove({ kind: "PersistentVolumeClaim", name, namespace });
    }
  }

  function bindVolumes(): void {
    for (const volume of cluster.all("PersistentVolume")) {
      const ref = { kind: "PersistentVolume", name: volume.metadata.name } as const;
      const { claimRef } = volume.spec;
      const claim =
        claimRef === undefined
          ? undefined
          : cluster.peek({
              kind: "PersistentVolumeClaim",
              namespace: claimRef.namespace,
              name: claimRef.name,
            });
      if (claimRef?.uid !== undefined && claim?.metadata.uid !== claimRef.uid) {
        if (volume.status?.phase !== "Released")
          cluster.change(ref, { status: { phase: "Released" } });
        if (volume.spec.persistentVolumeReclaimPolicy === "Delete") wipe(volume);
        continue;
      }
      if (claimRef?.uid !== undefined) continue;
      if (claim !== undefined && fits(claim, volume)) bind(claim, volume);
      else if (volume.status?.phase === undefined)
        cluster.change(ref, { status: { phase: "Available" } });
    }
  }

  function bind(claim: PersistentVolumeClaim, volume: PersistentVolume): void {
    const { name, namespace = "", uid } = claim.metadata;
    cluster.change(
      { kind: "PersistentVolume", name: volume.metadata.name },
      { spec: { claimRef: { namespace, name, uid } }, status: { phase: "Bound" } },
    );
    cluster.change(
      { kind: "PersistentVolumeClaim", name, namespace },
      { spec: { volumeName: volume.metadata.name }, status: { phase: "Bound" } },
    );
  }

  /** local-path empties the folder of a deleted volume as soon as its node lives. */
  function wipe(volume: PersistentVolume): void {
    const path = volume.spec.local?.path ?? "";
    const node = cluster.all("Node").find((one) => isBoundToNode(volume, readHostname(one)));
    if (node === undefined || !hosts.isReachable(node.metadata.name)) return;
    hosts.folders.delete(`${node.metadata.name}:${path}`);
    wiped.push(volume.metadata.name);
    cluster.remove({ kind: "PersistentVolume", name: volume.metadata.name });
  }

  function runWorkloads(): void {
    for (const deployment of cluster.all("Deployment")) rollOut(deployment);
    for (const kind of ["StatefulSet", "ReplicaSet"] as const) {
      for (const workload of cluster.all(kind)) runWorkload(workload);
    }
  }

  /** A Deployment's one ReplicaSet gets its template; a real one would make another ReplicaSet. */
  function rollOut({ metadata, spec }: Workload): void {
    const own = cluster
      .all("ReplicaSet")
      .find((one) => one.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
    const placement = readPlacement(spec?.template?.spec ?? {});
    if (own === undefined || isSame(readPlacement(own.spec?.template?.spec ?? {}), placement)) {
      return;
    }
    const { name, namespace = "" } = own.metadata;
    cluster.change(
      { kind: "ReplicaSet", name, namespace },
      { spec: { template: { spec: { nodeSelector: null, affinity: null } } } },
    );
    cluster.change(
      { kind: "ReplicaSet", name, namespace },
      { spec: { template: { spec: placement } } },
    );
  }

  /** Ends the pods of an older template; one that is not Ready is left, as a StatefulSet does. */
  function replaceOld(pods: Pod[], template: Pick<Pod, "spec">): void {
    for (const { metadata, spec, status } of pods) {
      const isReady = status?.conditions?.some((one) => one.status === "True") === true;
      if (!isReady || !hosts.isReachable(spec.nodeName ?? "")) continue;
      if (isSame(readPlacement(spec), readPlacement(template.spec))) continue;
      const { name, namespace = "", uid = "" } = metadata;
      void cluster.delete({ kind: "Pod", name, namespace }, { uid });
    }
  }

  function runWorkload(workload: Workload): void {
    const { name, namespace = "", uid = "" } = workload.metadata;
    const template = (workload.spec as unknown as { template: Pick<Pod, "metadata" | "spec"> })
      .template;
    const own = cluster
      .all("Pod")
      .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === uid));
    const living = own.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    replaceOld(living, template);
    if (workload.kind === "StatefulSet") {
      for (const claim of workload.spec?.volumeClaimTemplates ?? []) {
        const claimName = `${claim.metadata.name}-${name}-0`;
        const ref = { kind: "PersistentVolumeClaim", name: claimName, namespace } as const;
        // A StatefulSet makes its claims with its pod; while a pod of that name is there it waits.
        if (own.length === 0 && cluster.peek(ref) === undefined) {
          void cluster.create({
            ...claim,
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { ...claim.metadata, name: claimName, namespace },
          });
        }
      }
      if (own.length > 0) return;
    } else if (living.length > 0) {
      return;
    }
    names += 1;
    const podName = workload.kind === "StatefulSet" ? `${name}-0` : `${name}-${names}`;
    const spec = structuredClone(template.spec);
    for (const volume of spec.volumes ?? []) {
      const isTemplate = workload.spec?.volumeClaimTemplates?.some(
        (one) => one.metadata.name === volume.name,
      );
      if (isTemplate) volume.persistentVolumeClaim = { claimName: `${volume.name}-${name}-0` };
    }
    void cluster.create<Pod>({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...template.metadata,
        name: podName,
        namespace,
        ownerReferences: [
          { apiVersion: "apps/v1", kind: workload.kind, name, uid, controller: true },
        ],
      },
      spec,
    });
  }

  function placePods(): void {
    for (const pod of cluster.all("Pod")) {
      if (pod.spec.nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined) continue;
      const { name, namespace = "" } = pod.metadata;
      const claims = listClaimNames(pod).map((claim) =>
        cluster.peek({ kind: "PersistentVolumeClaim", namespace, name: claim }),
      );
      const isWaiting = claims.some(
        (claim) =>
          claim === undefined ||
          claim.metadata.deletionTimestamp !== undefined ||
          (claim.spec.volumeName !== undefined && claim.status?.phase !== "Bound"),
      );
      if (isWaiting) continue;
      const node = cluster.all("Node").find((one) => {
        if (one.spec?.unschedulable === true || findPlacementFaults(pod, one).length > 0)
          return false;
        return listClaimNames(pod).every((claim) => {
          const volume = findVolume(namespace, claim);
          return volume === undefined || isBoundToNode(volume, readHostname(one));
        });
      });
      if (node === undefined) continue;
      for (const claim of listClaimNames(pod)) {
        if (findVolume(namespace, claim) === undefined)
          provision(namespace, claim, node.metadata.name);
      }
      cluster.change({ kind: "Pod", name, namespace }, { spec: { nodeName: node.metadata.name } });
    }
  }

  /** The trap: a claim that fits no volume gets a new, empty one where its pod was placed. */
  function provision(namespace: string, name: string, node: string): void {
    const ref = { kind: "PersistentVolumeClaim", namespace, name } as const;
    const claim = cluster.peek(ref);
    if (claim === undefined || claim.spec.volumeName !== undefined) return;
    names += 1;
    const volumeName = `pvc-${names}`;
    void cluster.create<PersistentVolume>({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: volumeName },
      spec: {
        capacity: { storage: claim.spec.resources?.requests?.storage ?? "1Gi" },
        accessModes: claim.spec.accessModes ?? [],
        persistentVolumeReclaimPolicy: "Delete",
        local: { path: `/storage/${volumeName}` },
        claimRef: { namespace, name, uid: claim.metadata.uid ?? "" },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: "kubernetes.io/hostname", operator: "In", values: [node] },
                ],
              },
            ],
          },
        },
      },
      status: { phase: "Bound" },
    });
    cluster.change(ref, { spec: { volumeName }, status: { phase: "Bound" } });
  }

  function runPods(): void {
    for (const pod of cluster.all("Pod")) {
      const node = pod.spec.nodeName;
      if (node === undefined || pod.status?.phase !== undefined || !hosts.isReachable(node))
        continue;
      const { name, namespace = "", uid } = pod.metadata;
      const ref = { kind: "Pod", name, namespace } as const;
      const claims = listClaimNames(pod).map((claim) => ({
        claim,
        volume: findVolume(namespace, claim),
      }));
      if (claims.some(({ volume }) => volume === undefined)) continue;
      cluster.change(ref, { status: { phase: "Pending" } });
      const seconds = hosts.runPod(pod);
      const still = (): boolean =>
        cluster.peek(ref)?.metadata.uid === uid && hosts.isReachable(node);
      if (seconds !== undefined) {
        clock.after(0.3, () => {
          if (still()) cluster.change(ref, { status: { phase: "Running" } });
        });
        clock.after(seconds, () => {
          if (still()) cluster.change(ref, { status: hosts.endPod(pod) });
        });
        continue;
      }
      for (const { claim, volume } of claims) {
        const path = volume?.spec.local?.path ?? "";
        starts.push({
          pod: name,
          claim: `${namespace}/${claim}`,
          node,
          volume: volume?.metadata.name ?? "",
          content: hosts.folders.get(`${node}:${path}`)?.content,
        });
      }
      clock.after(0.3, () => {
        if (!still()) return;
        const conditions = [{ type: "Ready", status: "True" }];
        cluster.change(ref, { status: { phase: "Running", conditions } });
      });
    }
  }

  function findVolume(namespace: string, claim: string): PersistentVolume | undefined {
    const found = cluster.peek({ kind: "PersistentVolumeClaim", namespace, name: claim });
    if (found?.status?.phase !== "Bound") return undefined;
    return cluster.peek({ kind: "PersistentVolume", name: found.spec.volumeName ?? "" });
  }

  /** Velero backs up every Running pod of the backup's namespaces. */
  function runVelero(): void {
    for (const backup of cluster.all("Backup")) {
      if (backup.status?.phase !== undefined) continue;
      const { name, namespace = "" } = backup.metadata;
      const startTimestamp = new Date(clock.now()).toISOString();
      const ref = { kind: "Backup", name, namespace } as const;
      cluster.change(ref, { status: { phase: "InProgress", startTimestamp } });
      clock.after(3, () => {
        for (const pod of cluster.all("Pod")) {
          if (!backup.spec.includedNamespaces?.includes(pod.metadata.namespace ?? "")) continue;
          if (pod.status?.phase !== "Running") continue;
          for (const claim of listClaimNames(pod)) {
            void cluster.create({
              apiVersion: "velero.io/v1",
              kind: "PodVolumeBackup",
              metadata: {
                name: `${name}-${claim}`,
                namespace,
                labels: { "velero.io/backup-name": name },
                annotations: { "velero.io/pvc-name": claim },
              },
              spec: {
                node: pod.spec.nodeName,
                pod: { namespace: pod.metadata.namespace, name: pod.metadata.name },
              },
              status: { phase: "Completed" },
            } as never);
          }
        }
        cluster.change(ref, { status: { phase: "Completed" } });
      });
    }
  }

  cluster.listeners.push(schedule);
  return { starts, wiped, schedule };
}

function readPlacement({ nodeSelector, affinity }: Placement): Placement {
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(affinity === undefined ? {} : { affinity }),
  };
}

function isSame(a: Placement, b: Placement): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function fits(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  if (claim.metadata.deletionTimestamp !== undefined) return false;
  if (claim.spec.volumeName !== undefined) return claim.spec.volumeName === volume.metadata.name;
  const wanted = parseQuantity(claim.spec.resources?.requests?.storage ?? "0");
  return (
    parseQuantity(volume.spec.capacity.storage) >= wanted &&
    (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes.includes(mode))
  );
}
