import t from "tap";
import { listVolumes } from "../../lib/recovery/plan.ts";
import { buildRestorePod } from "../../lib/recovery/restore-pod.ts";
import { createOutage, goDown } from "../support/memory/outage.ts";
import { planOnly } from "../support/memory/run-failover.ts";
import { addBackup, addStatefulSet } from "../support/memory/workloads.ts";
import { createWorld, type MemoryWorld, source, target } from "../support/memory/world.ts";

/** Changes the one volume that there is. */
function changeVolume(world: MemoryWorld, spec: Record<string, unknown>): void {
  const name = world.cluster.all("PersistentVolume")[0]?.metadata.name ?? "";
  world.cluster.change({ kind: "PersistentVolume", name }, { spec });
}

t.test("a hostPath volume without node affinity does not move by itself", async (t) => {
  const world = await createOutage();
  changeVolume(world, { local: null, nodeAffinity: null, hostPath: { path: "/storage/x" } });
  const { plan, codes } = await planOnly(world);
  t.strictSame(plan.movesByItself, []);
  t.strictSame(codes, ["RECOVERY_VOLUME_HOSTPATH"]);
});

t.test("a volume that is bound to the node by another label is not passed over", async (t) => {
  const world = await createOutage();
  const expression = { key: "topology.topolvm.io/node", operator: "In", values: [source] };
  changeVolume(world, {
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] },
    },
  });
  const { plan, codes } = await planOnly(world);
  t.strictSame(plan.movesByItself, []);
  t.strictSame(codes, ["RECOVERY_VOLUME_ELSEWHERE"]);
});

t.test("a StatefulSet that an operator owns is the operator's business", async (t) => {
  const world = await createOutage();
  const owner = {
    apiVersion: "rabbitmq.com/v1beta1",
    kind: "RabbitmqCluster",
    name: "mq",
    uid: "u",
    controller: true,
  };
  const ref = { kind: "StatefulSet", namespace: "demo", name: "db" } as const;
  world.cluster.change(ref, { metadata: { ownerReferences: [owner] } });
  const { codes } = await planOnly(world);
  t.strictSame(codes, ["RECOVERY_OWNER_UNKNOWN"]);
});

t.test("a pod that must not run beside one on the target is refused", async (t) => {
  const world = await createWorld();
  const term = {
    topologyKey: "kubernetes.io/hostname",
    labelSelector: { matchLabels: { app: "db" } },
  };
  await addStatefulSet(world, "db", [{ name: "data", content: "rows", backupAge: 300 }], {
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
  });
  await world.add({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "db-1", namespace: "demo", labels: { app: "db" } },
    spec: { nodeName: target, containers: [] },
  } as never);
  await goDown(world);
  const { codes } = await planOnly(world);
  t.strictSame(codes, ["RECOVERY_TARGET_NOT_ALLOWED"]);
});

t.test("a finished pod that nobody makes again forbids nothing", async (t) => {
  const world = await createOutage();
  await world.add({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "debug", namespace: "demo" },
    spec: {
      nodeName: source,
      containers: [],
      volumes: [{ name: "d", persistentVolumeClaim: { claimName: "data-db-0" } }],
    },
    status: { phase: "Succeeded" },
  } as never);
  const { codes } = await planOnly(world);
  t.strictSame(codes, []);
});

t.test("as many restores run at once as the target's free memory carries", async (t) => {
  const world = await createOutage();
  world.cluster.change(
    { kind: "Node", name: target },
    { status: { allocatable: { cpu: "16", memory: "16Gi" } } },
  );
  const requests = { memory: "15Gi", cpu: "1" };
  await world.add({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "big", namespace: "demo" },
    spec: { nodeName: target, containers: [{ name: "c", image: "i", resources: { requests } }] },
  } as never);
  const { plan } = await planOnly(world);
  t.equal(plan.restoreConcurrency[target], 2);
});

t.test("a plan with a week of hourly backups fits the object that keeps it", async (t) => {
  const world = await createOutage();
  for (let hour = 1; hour <= 24 * 7; hour += 1) {
    await addBackup(world, "data-db-0", { content: "x" }, hour * 3600);
  }
  const backup = `hourly-${24 * 7 * 3600}-data-db-0`;
  const { plan, codes } = await planOnly(world, { backup });
  t.strictSame(codes, []);
  const bytes = JSON.stringify(plan).length;
  t.ok(bytes < 20_000, `${bytes} bytes for one volume`);
});

t.test("an old location is read with its own password, and not written to again", async (t) => {
  const world = await createOutage();
  const ref = { kind: "BackupStorageLocation", name: "default", namespace: "velero" } as const;
  const labels = { "infra-k3s.io/repository-password": "velero-repo-credentials-default" };
  world.cluster.change(ref, { metadata: { labels }, spec: { accessMode: "ReadOnly" } });
  const config = { s3Url: "https://s3.lab", region: "auto" };
  const objectStorage = { bucket: "velero", prefix: "two" };
  await world.add({
    apiVersion: "velero.io/v1",
    kind: "BackupStorageLocation",
    metadata: { name: "default-2", namespace: "velero" },
    spec: { provider: "aws", default: true, objectStorage, config },
  } as never);
  const { plan, codes } = await planOnly(world);
  t.strictSame(codes, []);
  const [volume] = listVolumes(plan);
  if (volume === undefined) throw new Error("there is a volume");
  const [work] = buildRestorePod(plan, volume).spec.containers;
  const password = work?.env?.find(({ name }) => name === "KOPIA_PASSWORD");
  t.match(password?.valueFrom, {
    secretKeyRef: { name: "velero-repo-credentials-default", key: "repository-password" },
  });
  t.equal(plan.backup.location, "default-2");
});
