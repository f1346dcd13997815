import t from "tap";
import { hasCode, InfraError } from "../../lib/errors.ts";
import type { KubeObject } from "../../lib/objects.ts";
import type { FailoverOptions } from "../../lib/recovery/failover.ts";
import { type RunRequest, runFailover } from "../support/memory/run-failover.ts";
import { addBackup, addDeployment, addStatefulSet } from "../support/memory/workloads.ts";
import { createWorld, type MemoryWorld, server, source, target } from "../support/memory/world.ts";

/** A dead source with one backed-up volume: the failover of it would go through. */
async function createOutage(backupAge = 300): Promise<MemoryWorld> {
  const world = await createWorld();
  await addStatefulSet(world, "db", [{ name: "data", content: "rows", backupAge }]);
  world.setHost(source, "off");
  await world.settle(60);
  return world;
}

/** Everything in the cluster but what time alone changes. */
function snapshot(world: MemoryWorld): string {
  const kinds = [
    "Node",
    "Pod",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Schedule",
    "Backup",
    "Namespace",
    "ConfigMap",
  ] as const;
  const objects = kinds.flatMap((kind) => world.cluster.all(kind) as KubeObject[]);
  return JSON.stringify({
    objects,
    power: [...world.hosts.machines.values()].map((one) => one.power),
  });
}

interface Refusal {
  /** What is wrong. */
  name: string;
  code: string;
  exitCode?: number;
  prepare?(world: MemoryWorld): void | Promise<void>;
  request?: RunRequest;
  backupAge?: number;
  /** Text that the reason has to name. */
  names?: string;
}

function patchNode(world: MemoryWorld, name: string, patch: Record<string, unknown>): void {
  world.cluster.change({ kind: "Node", name }, patch);
}

function changeClaim(world: MemoryWorld, patch: Record<string, unknown>): void {
  world.cluster.change(
    { kind: "PersistentVolumeClaim", namespace: "demo", name: "data-db-0" },
    patch,
  );
}

function withOptions(change: Partial<FailoverOptions>): RunRequest {
  return { failover: change };
}

const refusals: Refusal[] = [
  {
    name: "source is the target",
    code: "RECOVERY_SAME_NODE",
    request: withOptions({ target: { name: source, publicIp: "10.0.0.3", sshPort: 22 } }),
  },
  {
    name: "a node of the inventory is not in the cluster",
    code: "CLUSTER_NODE_UNKNOWN",
    request: withOptions({ target: { name: "vps-new-1", publicIp: "10.0.0.9", sshPort: 22 } }),
    names: source,
  },
  {
    name: "the target is not Ready",
    code: "PLAN_BLOCKED",
    names: "RECOVERY_TARGET_NOT_READY",
    async prepare(world) {
      world.setHost(target, "off");
      await world.settle(60);
    },
  },
  {
    name: "the target is cordoned",
    code: "RECOVERY_TARGET_CORDONED",
    prepare: (world) => patchNode(world, target, { spec: { unschedulable: true } }),
  },
  {
    name: "the target has another architecture",
    code: "RECOVERY_TARGET_ARCHITECTURE",
    prepare: (world) =>
      patchNode(world, target, { status: { nodeInfo: { architecture: "arm64" } } }),
  },
  {
    name: "the target has too little space",
    code: "RECOVERY_TARGET_NO_SPACE",
    prepare(world) {
      const machine = world.hosts.machines.get(target);
      if (machine !== undefined) machine.freeBytes = 1200;
    },
    names: "1300",
  },
  {
    name: "the target has a taint that the workload does not tolerate",
    code: "RECOVERY_TARGET_NOT_ALLOWED",
    prepare: (world) =>
      patchNode(world, target, {
        spec: { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] },
      }),
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
    name: "the target has too little memory left for the requests",
    code: "RECOVERY_TARGET_TOO_SMALL",
    prepare: (world) =>
      patchNode(world, target, { status: { allocatable: { cpu: "2", memory: "32Mi" } } }),
  },
  {
    name: "the target does not have the restore image",
    code: "RECOVERY_TARGET_NO_IMAGE",
    prepare: (world) => patchNode(world, target, { status: { images: [] } }),
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
    names: "no backup ever held",
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
    name: "the source is the only server",
    code: "PLAN_BLOCKED",
    names: "RECOVERY_SOURCE_ONLY_SERVER",
    request: withOptions({
      source: {
        name: server,
        publicIp: "10.0.0.1",
        sshPort: 22,
        machine: { provider: "hetzner", id: server },
      },
    }),
    async prepare(world) {
      world.cluster.change({ kind: "Node", name: source }, { status: { conditions: [] } });
      world.setHost(server, "off");
      await world.settle(60);
    },
  },
  {
    name: "too many nodes are down at once",
    code: "PLAN_BLOCKED",
    names: "RECOVERY_STORM",
    async prepare(world) {
      world.setHost(server, "off");
      world.setHost(target, "off");
      await world.settle(60);
    },
  },
  {
    name: "the provider refuses the credentials",
    code: "FENCE_NOT_PROVEN",
    prepare(world) {
      world.hosts.powerFault = "POWER_DENIED";
    },
  },
  {
    name: "the provider does not know the machine",
    code: "FENCE_WRONG_MACHINE",
    request: withOptions({
      source: {
        name: source,
        publicIp: "10.0.0.3",
        sshPort: 22,
        machine: { provider: "hetzner", id: "0" },
      },
    }),
  },
  {
    name: "the provider's machine has another address",
    code: "FENCE_WRONG_MACHINE",
    request: withOptions({
      source: {
        name: source,
        publicIp: "10.0.0.3",
        sshPort: 22,
        machine: { provider: "hetzner", id: target },
      },
    }),
    names: "10.0.0.2",
  },
  {
    name: "Velero is of an untested version",
    code: "VELERO_VERSION_UNTESTED",
    request: withOptions({ velero: { version: "1.18.3", tested: ">=1.19" } }),
  },
  {
    name: "Argo CD manages what would move",
    code: "RECOVERY_GITOPS_NOT_YET",
    async prepare(world) {
      await world.add({
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Application",
        metadata: { name: "demo-app", namespace: "argocd" },
        spec: { destination: { namespace: "demo" } },
      } as never);
    },
    names: "demo-app",
  },
  {
    name: "nobody confirms, and there is no terminal",
    code: "RUN_NOT_CONFIRMED",
    exitCode: 3,
    request: { confirm: undefined },
  },
  {
    name: "another node's name is confirmed",
    code: "RUN_NOT_CONFIRMED",
    exitCode: 3,
    request: { confirm: target },
  },
  {
    name: "there is nothing to abort",
    code: "RUN_NOTHING_TO_ABORT",
    exitCode: 3,
    request: { abort: true },
  },
];

for (const refusal of refusals) {
  t.test(`refused with nothing changed: ${refusal.name}`, async (t) => {
    const world = await createOutage(refusal.backupAge);
    await refusal.prepare?.(world);
    await world.settle(1);
    const before = snapshot(world);
    const error = await runFailover(world, refusal.request).then(
      ({ result }) => new Error(`it ran: ${JSON.stringify(result).slice(0, 300)}`),
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof InfraError)) throw error;
    t.equal(error.code, refusal.code, `${error.message}: ${error.why}`);
    t.equal(error.exitCode, refusal.exitCode ?? 2);
    t.ok(error.fix, "it says what to do");
    if (refusal.names !== undefined) t.match(`${error.message} ${error.why}`, refusal.names);
    t.equal(snapshot(world), before, "nothing was changed");
  });
}

t.test("a dry run shows plan, loss and evidence, and changes nothing", async (t) => {
  const world = await createOutage(600);
  const before = snapshot(world);
  const { result } = await runFailover(world, { dryRun: true, failover: { withEvidence: true } });
  t.equal(snapshot(world), before);
  if (result.kind !== "planned") throw new Error(result.kind);
  t.equal(result.exitCode, 0);
  t.equal(result.plan.evidence?.verdict, "DEAD");
  t.ok((result.plan.evidence?.samples.length ?? 0) >= 3);
  const loss = result.plan.units[0]?.volumes[0]?.lossSeconds ?? 0;
  t.ok(loss > 590 && loss <= 610, `${loss} s are announced as lost`);
});

t.test("a hollow newest backup is passed over, and said so", async (t) => {
  const world = await createOutage(600);
  await addBackup(world, "data-db-0", { content: "nothing" }, 120, { phase: "Failed" });
  await addBackup(world, "data-db-0", { content: "nothing" }, 60, { snapshotID: "" });
  await addBackup(world, "data-db-0", { content: "nothing" }, 30, { backupPhase: "InProgress" });
  const { result } = await runFailover(world);
  if (result.kind !== "ran") throw new Error(result.kind);
  t.equal(result.outcome.state, "done");
  t.strictSame(
    world.controllers.starts.map((start) => start.content),
    ["rows"],
  );
  t.strictSame(
    result.plan.units[0]?.volumes[0]?.passedOver.map((one) => one.reason),
    [
      "its backup is still InProgress",
      "it holds no snapshot",
      "its phase is Failed, not Completed",
    ],
  );
});

t.test("two claims with one name in two namespaces do not meet", async (t) => {
  const world = await createWorld();
  await addDeployment(world, "files", [{ name: "data", content: "pictures", backupAge: 300 }]);
  await addBackup(world, "data", { content: "somebody else's" }, 10);
  const stranger = world.cluster
    .all("PodVolumeBackup")
    .find((one) => one.metadata.name.startsWith("hourly-10"));
  world.cluster.change(
    { kind: "PodVolumeBackup", name: stranger?.metadata.name ?? "", namespace: "velero" },
    { spec: { pod: { namespace: "other" } } },
  );
  world.setHost(source, "off");
  await world.settle(60);
  const { result } = await runFailover(world);
  t.equal(result.exitCode, 0);
  t.strictSame(
    world.controllers.starts.map((start) => start.content),
    ["pictures"],
  );
});

t.test("hasCode tells codes apart", async (t) => {
  t.ok(hasCode(new InfraError({ code: "A", message: "a" }), "B", "A"));
  t.notOk(hasCode(new Error("A"), "A"));
});
