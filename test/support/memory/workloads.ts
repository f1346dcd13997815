import type { PersistentVolumeClaim, PodSpec } from "../../../lib/objects.ts";
import { source } from "./world.ts";
import type { MemoryWorld } from "./world.ts";

export interface DemoVolume {
  name: string;
  /** What lies in it before the source dies; also what its backup holds. */
  content: string;
  annotations?: Record<string, string>;
  /** Seconds before now that its backup began; left out for none. */
  backupAge?: number;
}

/** A database whose data is rebuilt from its base backup, for `addStatefulSet`. */
export const rebuiltDatabase: DemoVolume[] = [
  {
    name: "data",
    content: "live database files",
    annotations: {
      "infra-k3s.io/recovery": "rebuild",
      "infra-k3s.io/rebuild-from": "base-db-0",
      "infra-k3s.io/rebuild": "tar -xf /base/base.tar -C /data",
    },
  },
  { name: "base", content: "base backup", backupAge: 600 },
];

/**
 * A StatefulSet `<name>` in namespace demo whose one pod runs on the source with these volumes,
 * written and backed up.
 */
export async function addStatefulSet(
  world: MemoryWorld,
  name: string,
  volumes: DemoVolume[],
  spec: Partial<PodSpec> = {},
): Promise<void> {
  await world.add({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, namespace: "demo" },
    spec: {
      replicas: 1,
      volumeClaimTemplates: volumes.map((volume) => buildClaim(volume)),
      template: { metadata: { labels: { app: name } }, spec: buildPodSpec(volumes, spec) },
    },
  } as never);
  await placeOnSource(
    world,
    volumes.map((volume) => ({ ...volume, claim: `${volume.name}-${name}-0` })),
  );
}

/** A Deployment `<name>` with its ReplicaSet in namespace demo, whose claims are in no template. */
export async function addDeployment(
  world: MemoryWorld,
  name: string,
  volumes: DemoVolume[],
  spec: Partial<PodSpec> = {},
): Promise<void> {
  for (const volume of volumes) {
    const claim = buildClaim(volume);
    await world.add({ ...claim, metadata: { ...claim.metadata, namespace: "demo" } });
  }
  const template = {
    metadata: { labels: { app: name } },
    spec: {
      ...buildPodSpec(volumes, spec),
      volumes: volumes.map((volume) => ({
        name: volume.name,
        persistentVolumeClaim: { claimName: volume.name },
      })),
    },
  };
  const metadata = { name, namespace: "demo" };
  const apiVersion = "apps/v1";
  const kind = "Deployment";
  await world.add({ apiVersion, kind, metadata, spec: { replicas: 1, template } } as never);
  const { uid = "" } = world.cluster.peek({ kind, ...metadata })?.metadata ?? {};
  await world.add({
    apiVersion,
    kind: "ReplicaSet",
    metadata: {
      ...metadata,
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
    },
    spec: { replicas: 1, template },
  } as never);
  await placeOnSource(
    world,
    volumes.map((volume) => ({ ...volume, claim: volume.name })),
  );
}

function buildClaim(volume: DemoVolume): PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: volume.name,
      ...(volume.annotations === undefined ? {} : { annotations: volume.annotations }),
    },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "local-path",
      resources: { requests: { storage: "1Gi" } },
    },
  };
}

function buildPodSpec(volumes: DemoVolume[], spec: Partial<PodSpec>): PodSpec {
  return {
    containers: [
      {
        name: "app",
        image: "docker.io/lab/app:1",
        resources: { requests: { cpu: "100m", memory: "64Mi" } },
        volumeMounts: volumes.map((volume) => ({
          name: volume.name,
          mountPath: `/${volume.name}`,
        })),
      },
    ],
    volumes: volumes.map((volume) => ({ name: volume.name })),
    ...spec,
  };
}

/** Only the source can take new pods while the workload starts; then it is written and backed up. */
async function placeOnSource(
  world: MemoryWorld,
  volumes: (DemoVolume & { claim: string })[],
): Promise<void> {
  const others = world.cluster.all("Node").filter((node) => node.metadata.name !== source);
  for (const { metadata } of others) {
    world.cluster.change({ kind: "Node", name: metadata.name }, { spec: { unschedulable: true } });
  }
  await world.settle(2);
  for (const { metadata } of others) {
    world.cluster.change({ kind: "Node", name: metadata.name }, { spec: { unschedulable: null } });
  }
  for (const volume of volumes) {
    const claim = world.cluster.peek({
      kind: "PersistentVolumeClaim",
      namespace: "demo",
      name: volume.claim,
    });
    const path = `/storage/${claim?.spec.volumeName}`;
    world.hosts.folders.set(`${source}:${path}`, { content: volume.content, bytes: 1000 });
    if (volume.backupAge !== undefined)
      await addBackup(world, volume.claim, volume, volume.backupAge);
  }
  world.controllers.starts.length = 0;
}

/** One completed backup of one claim, so many seconds old. */
export async function addBackup(
  world: MemoryWorld,
  claim: string,
  { content }: { content: string },
  ageSeconds: number,
  change: { phase?: string; backupPhase?: string; expiresIn?: number; snapshotID?: string } = {},
): Promise<void> {
  const startTimestamp = new Date(world.clock.now() - ageSeconds * 1000).toISOString();
  const name = `hourly-${ageSeconds}-${claim}`;
  const snapshotID = change.snapshotID ?? `snapshot-${name}`;
  const expiration = new Date(
    world.clock.now() + (change.expiresIn ?? 86_400) * 1000,
  ).toISOString();
  await world.add({
    apiVersion: "velero.io/v1",
    kind: "Backup",
    metadata: { name, namespace: "velero" },
    spec: {},
    status: { phase: change.backupPhase ?? "Completed", startTimestamp, expiration },
  } as never);
  await world.add({
    apiVersion: "velero.io/v1",
    kind: "PodVolumeBackup",
    metadata: {
      name: `${name}-copy`,
      namespace: "velero",
      annotations: { "velero.io/pvc-name": claim },
    },
    spec: {
      backupStorageLocation: "default",
      node: source,
      pod: { namespace: "demo", name: claim },
      volume: "data",
      uploaderType: "kopia",
      tags: { backup: name },
    },
    status: {
      phase: change.phase ?? "Completed",
      snapshotID,
      startTimestamp,
      progress: { totalBytes: 1000, bytesDone: 1000 },
    },
  } as never);
  world.hosts.snapshots.set(snapshotID, { content, files: 7, bytes: 1000 });
}
