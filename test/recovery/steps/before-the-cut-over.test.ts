import t from "tap";
import type { Node } from "../../../lib/objects.ts";
import { createOutage } from "../../support/memory/outage.ts";
import { runToEnd } from "../../support/memory/run-failover.ts";
import { type MemoryWorld, server, source } from "../../support/memory/world.ts";

t.test("a provider that says off once and then something else is no proof", async (t) => {
  const world = await createOutage();
  const { find } = world.power;
  let reads = 0;
  world.power.find = async (ref) => {
    const machine = await find(ref);
    if (machine === undefined || !isStopped) return machine;
    reads += 1;
    return { ...machine, state: reads % 2 === 1 ? "off" : "running" };
  };
  let isStopped = false;
  world.power.stop = async () => {
    isStopped = true;
  };
  const { exitCode, outcome } = await runToEnd(world);
  t.ok(reads > 2, `${reads} reads`);
  t.equal(outcome.failure?.error.code, "FENCE_NOT_PROVEN");
  t.equal(exitCode, 3);
});

t.test("the source takes no new pods before it is switched off", async (t) => {
  const world = await createOutage();
  let node: Node | undefined;
  const { stop } = world.power;
  world.power.stop = async (machine) => {
    node = world.cluster.peek({ kind: "Node", name: source });
    await stop(machine);
  };
  const { exitCode } = await runToEnd(world);
  t.equal(exitCode, 0);
  t.equal(node?.spec?.unschedulable, true);
  t.match(node?.spec?.taints, [
    { key: "infra-k3s.io/quarantine", value: "run1", effect: "NoSchedule" },
  ]);
});

async function addPod(world: MemoryWorld, name: string, nodeName: string): Promise<void> {
  await world.add({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "kube-system" },
    spec: { nodeName, containers: [] },
  } as never);
}

t.test("pods that would empty a volume once the source is back go, after it is kept", async (t) => {
  const world = await createOutage();
  await addPod(world, "helper-pod-delete-pvc-2", source);
  await addPod(world, "helper-pod-delete-pvc-9", server);
  await addPod(world, "helper-pod-create-pvc-3", source);
  const policies: (string | undefined)[] = [];
  const { delete: remove } = world.cluster;
  world.cluster.delete = async (ref, options) => {
    if (ref.name.startsWith("helper-pod-")) {
      const volume = world.cluster.all("PersistentVolume")[0];
      policies.push(volume?.spec.persistentVolumeReclaimPolicy);
    }
    await remove(ref, options);
  };
  // What the run leaves alone on a dead node, the out-of-service taint takes away later.
  world.power.stop = async () => undefined;
  const { exitCode } = await runToEnd(world);
  t.equal(exitCode, 3);
  t.strictSame(policies, ["Retain"]);
  t.strictSame(
    world.cluster
      .all("Pod")
      .map((pod) => pod.metadata.name)
      .filter((name) => name.startsWith("helper-pod-"))
      .toSorted(),
    ["helper-pod-create-pvc-3", "helper-pod-delete-pvc-9"],
  );
});

t.test("copies that wait for the source are cancelled, and no others", async (t) => {
  const world = await createOutage();
  const copies = [
    { name: "waiting", node: source, phase: "InProgress" },
    { name: "ended", node: source, phase: "Failed" },
    { name: "elsewhere", node: server, phase: "InProgress" },
  ];
  for (const { name, node, phase } of copies) {
    await world.add({
      apiVersion: "velero.io/v1",
      kind: "PodVolumeBackup",
      metadata: { name, namespace: "velero" },
      spec: { node, pod: { namespace: "other", name: "p" } },
      status: { phase },
    } as never);
  }
  const { exitCode } = await runToEnd(world);
  t.equal(exitCode, 0);
  const cancelled = world.cluster.all("PodVolumeBackup").filter((one) => one.spec.cancel === true);
  t.strictSame(
    cancelled.map((one) => one.metadata.name),
    ["waiting"],
  );
});

t.test(
  "a backup that the host's death has stopped keeps none of the next ones waiting",
  async (t) => {
    const world = await createOutage();
    const stuck = { kind: "Backup", name: "hourly", namespace: "velero" } as const;
    await world.add({
      apiVersion: "velero.io/v1",
      kind: stuck.kind,
      metadata: { name: stuck.name, namespace: stuck.namespace },
      spec: { includedNamespaces: ["demo"] },
      status: { phase: "InProgress" },
    } as never);
    const copy = { kind: "PodVolumeBackup", name: "hourly-1", namespace: "velero" } as const;
    // It is made after the schedules were paused, and ended by nobody.
    world.clock.after(25, () => {
      void world.cluster.create({
        apiVersion: "velero.io/v1",
        kind: copy.kind,
        metadata: { name: copy.name, namespace: copy.namespace },
        spec: { node: source, pod: { namespace: "demo", name: "p" } },
        status: { progress: {} },
      } as never);
    });
    // Velero does one backup after the other.
    const { find } = world.cluster;
    world.cluster.find = async (ref) => {
      const found = await find(ref);
      const isOurs = ref.kind === "Backup" && ref.name.startsWith("dr-") && found !== undefined;
      const isFree = world.cluster.peek(copy)?.status?.phase === "Canceled";
      return isOurs && !isFree ? { ...found, status: { phase: "Queued" } } : found;
    };
    const startedAt = world.clock.now();
    const { exitCode } = await runToEnd(world);
    t.equal(exitCode, 0);
    t.match(world.cluster.peek(copy)?.status, { phase: "Canceled", message: /is off/ });
    t.ok(world.clock.now() - startedAt < 300_000, "in minutes, and not in hours");
  },
);
