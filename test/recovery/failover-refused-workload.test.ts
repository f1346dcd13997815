import t from "tap";
import { type Refusal, testRefusals, withOptions } from "../support/memory/refusal.ts";
import { type MemoryWorld, source, target } from "../support/memory/world.ts";

function changeClaim(world: MemoryWorld, patch: Record<string, unknown>): void {
  world.cluster.change(
    { kind: "PersistentVolumeClaim", namespace: "demo", name: "data-db-0" },
    patch,
  );
}

const refusals: Refusal[] = [
  {
    name: "the target has a taint that the workload does not tolerate",
    code: "RECOVERY_TARGET_NOT_ALLOWED",
    prepare: (world) =>
      void world.cluster.change(
        { kind: "Node", name: target },
        {
          spec: { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] },
        },
      ),
    names: "gpu:NoSchedule",
  },
  {
    name: "the workload is pinned to the source",
    code: "RECOVERY_TARGET_NOT_ALLOWED",
    prepare(world) {
      const ref = { kind: "Pod", namespace: "demo", name: "db-0" } as const;
      world.cluster.change(ref, { spec: { nodeSelector: { "kubernetes.io/hostname": source } } });
    },
    names: `kubernetes.io/hostname=${source}`,
  },
  {
    name: "the volume was never backed up",
    code: "RECOVERY_NO_BACKUP",
    async prepare(world) {
      for (const copy of world.cluster.all("PodVolumeBackup")) {
        world.cluster.remove({
          kind: "PodVolumeBackup",
          name: copy.metadata.name,
          namespace: "velero",
        });
      }
    },
    names: "no backup of that kind",
  },
  {
    name: "the only backup has expired",
    code: "RECOVERY_NO_BACKUP",
    prepare(world) {
      for (const { metadata } of world.cluster.all("Backup")) {
        const ref = { kind: "Backup", name: metadata.name, namespace: "velero" } as const;
        world.cluster.change(ref, { status: { expiration: "2025-12-31T00:00:00Z" } });
      }
    },
    names: "expired",
  },
  {
    name: "the named backup does not exist",
    code: "RECOVERY_NO_BACKUP",
    request: withOptions({ backup: "hourly-nope" }),
    names: "hourly-nope",
  },
  {
    name: "the volume is a hostPath",
    code: "RECOVERY_VOLUME_HOSTPATH",
    prepare(world) {
      const name = world.cluster.all("PersistentVolume")[0]?.metadata.name ?? "";
      world.cluster.change(
        { kind: "PersistentVolume", name },
        { spec: { local: null, hostPath: { path: "/storage/x" } } },
      );
    },
  },
  {
    name: "the claim has a foreign finalizer",
    code: "RECOVERY_CLAIM_FINALIZER",
    prepare: (world) =>
      changeClaim(world, {
        metadata: {
          finalizers: ["kubernetes.io/pvc-protection", "snapshot.storage.kubernetes.io/source"],
        },
      }),
    names: "snapshot.storage",
  },
  {
    name: "another volume is reserved for the claim already",
    code: "RECOVERY_VOLUME_RIVAL",
    async prepare(world) {
      await world.add({
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: { name: "dr-old-volume-1" },
        spec: {
          // Too small for the claim, so that nobody binds it by itself.
          capacity: { storage: "1Mi" },
          accessModes: ["ReadWriteOnce"],
          claimRef: { namespace: "demo", name: "data-db-0" },
        },
      } as never);
    },
    names: "dr-old-volume-1",
  },
  {
    name: "a rebuild that does not say how",
    code: "RECOVERY_REBUILD_INCOMPLETE",
    prepare: (world) =>
      changeClaim(world, { metadata: { annotations: { "infra-k3s.io/recovery": "rebuild" } } }),
  },
  {
    name: "a pod that nobody makes again",
    code: "RECOVERY_OWNER_NONE",
    prepare(world) {
      const ref = { kind: "Pod", namespace: "demo", name: "db-0" } as const;
      world.cluster.remove({ kind: "StatefulSet", namespace: "demo", name: "db" });
      world.cluster.change(ref, { metadata: { ownerReferences: null } });
    },
  },
  {
    name: "an operator that looks after its own data",
    code: "RECOVERY_OWNER_UNKNOWN",
    prepare(world) {
      const ref = { kind: "Pod", namespace: "demo", name: "db-0" } as const;
      world.cluster.remove({ kind: "StatefulSet", namespace: "demo", name: "db" });
      const ownerReferences = [
        {
          apiVersion: "postgresql.cnpg.io/v1",
          kind: "Cluster",
          name: "pg",
          uid: "u",
          controller: true,
        },
      ];
      world.cluster.change(ref, { metadata: { ownerReferences } });
    },
    names: "Cluster pg",
  },
  {
    name: "Velero is of an untested version",
    code: "VELERO_VERSION_UNTESTED",
    request: withOptions({ velero: { version: "1.18.3", tested: ">=1.19" } }),
  },
  {
    name: "Git has another claim than the one that would move, in an Application that cannot be paused",
    code: "RECOVERY_GIT_GENERATED",
    async prepare(world) {
      const apiVersion = "argoproj.io/v1alpha1";
      const name = "data-db-0";
      await world.add({
        apiVersion,
        kind: "Application",
        metadata: {
          name: "demo-app",
          namespace: "argocd",
          ownerReferences: [{ apiVersion, kind: "ApplicationSet", name: "every-app", uid: "u" }],
        },
        spec: {},
        status: {
          resources: [
            { kind: "PersistentVolumeClaim", namespace: "demo", name, status: "OutOfSync" },
          ],
        },
      } as never);
    },
    names: "every-app",
  },
];

testRefusals(t, refusals);
