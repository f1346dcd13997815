import t, { type Test } from "tap";
import { InfraError } from "../../lib/errors.ts";
import type { Pod } from "../../lib/objects.ts";
import { checkRemoval } from "../../lib/nodes/check-removal.ts";
import {
  planRemoval,
  type RemovalOptions,
  type RemovalPlan,
} from "../../lib/nodes/plan-removal.ts";
import { readNodeState } from "../../lib/nodes/read-node-state.ts";
import { buildRemovalSteps } from "../../lib/nodes/removal-steps.ts";
import { renderRemovalPlan } from "../../lib/nodes/render-removal.ts";
import type { NodeWorld } from "../../lib/nodes/world.ts";
import { executeSteps, type Outcome } from "../../lib/steps/execute.ts";
import { createMortal } from "../support/memory/faults.ts";
import { createNodes, type MemoryNodes } from "../support/memory/node-world.ts";
import { addDeployment, addStatefulSet } from "../support/memory/workloads.ts";
import { server, source, target } from "../support/memory/world.ts";

const { signal } = new AbortController();

async function plan(
  { memory, hosts }: MemoryNodes,
  options: Partial<RemovalOptions> = {},
): Promise<RemovalPlan> {
  return planRemoval(await readNodeState(memory.cluster), {
    cluster: "one",
    hosts: [...hosts],
    name: source,
    isHostGone: false,
    hasPublicSsh: true,
    ...options,
  });
}

async function execute(world: NodeWorld, wanted: RemovalPlan): Promise<Outcome> {
  return await executeSteps({
    runId: "remove-1",
    steps: buildRemovalSteps(world, wanted, { via: "auto" }),
    world,
    emit: () => undefined,
    signal,
    resumed: false,
    irreversible: false,
    onIrreversible: async () => undefined,
  });
}

async function addPod({ memory }: MemoryNodes, name: string, more: Partial<Pod> = {}) {
  await memory.add({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "demo", ...more.metadata },
    spec: { nodeName: source, containers: [], ...more.spec },
  } as Pod);
}

/** The node, its name's password and its host are nowhere any more, and the others are as before. */
function checkGone(t: Test, { memory: { cluster }, hosts, k3s }: MemoryNodes): void {
  const kept = [server, target];
  t.strictSame(
    cluster.all("Node").map(({ metadata }) => metadata.name),
    kept,
  );
  t.strictSame(
    cluster.all("Secret").map(({ metadata }) => metadata.name),
    kept.map((name) => `${name}.node-password.k3s`),
  );
  t.strictSame(
    hosts.map(({ name }) => name),
    kept,
  );
  t.strictSame([...k3s], kept);
}

t.test("an agent is emptied, and goes from cluster, mesh and inventory", async (t) => {
  const nodes = await createNodes({ hasMesh: true });
  await addDeployment(nodes.memory, "web", []);
  await nodes.memory.settle(2);
  const wanted = await plan(nodes);
  t.match(wanted, { node: "ready", podsToMove: 1, blockers: [], peers: [] });
  t.match(wanted.openItems, [/^if the mesh still lists vps-aws-1, remove it in/]);
  const outcome = await execute(nodes.world, wanted);
  t.equal(outcome.exitCode, 0);
  t.strictSame(
    nodes.played.map(({ name, limit }) => [name, limit]),
    [
      ["k3s-drain", [source]],
      ["k3s-uninstall", [source]],
    ],
  );
  t.equal(nodes.played[1]?.variables["confirm"], source);
  t.match(outcome.results.at(-1)?.facts, { changed: ["hosts.yml"], hosts: 2 });
  checkGone(t, nodes);
  const [pod] = nodes.memory.cluster.all("Pod");
  t.not(pod?.spec.nodeName, source);
});

t.test("without a mesh the firewalls of the others let it in no more", async (t) => {
  const nodes = await createNodes();
  const outcome = await execute(nodes.world, await plan(nodes));
  t.equal(outcome.exitCode, 0);
  t.match(nodes.played[2], {
    name: "firewall",
    limit: [server, target],
    variables: { firewall_former_hosts: [source] },
  });
  checkGone(t, nodes);
});

t.test("killed at any of its calls, the same command goes on to the same end", async (t) => {
  const prepare = async (): Promise<MemoryNodes> => {
    const nodes = await createNodes();
    await addDeployment(nodes.memory, "web", []);
    await nodes.memory.settle(2);
    return nodes;
  };
  const nodes = await prepare();
  const whole = createMortal(Infinity, "before");
  await execute(nodes.killWith(whole), await plan(nodes));
  t.ok(whole.calls() > 20, `${whole.calls()} calls`);
  for (const moment of ["before", "after"] as const) {
    for (let call = 1; call <= whole.calls(); call += 1) {
      const again = await prepare();
      await execute(again.killWith(createMortal(call, moment)), await plan(again)).catch(
        () => undefined,
      );
      if (again.hosts.some(({ name }) => name === source)) {
        const wanted = await plan(again);
        t.strictSame(wanted.blockers, [], `${moment} call ${call}`);
        t.equal((await execute(again.world, wanted)).exitCode, 0, `${moment} call ${call}`);
      }
      checkGone(t, again);
    }
  }
});

t.test("claims whose data is on the host keep it", async (t) => {
  const nodes = await createNodes();
  await addStatefulSet(nodes.memory, "db", [{ name: "data", content: "rows" }]);
  const { blockers } = await plan(nodes);
  t.match(blockers, [
    {
      code: "NODE_HAS_VOLUMES",
      message: "one claim has its data on vps-aws-1 alone",
      why: /^demo\/data-db-0: 1Gi in pvc-\d+, used by db-0$/,
      fix: /zx scripts\/dr\/failover\.ts --source-node vps-aws-1 --target-node OTHER/,
    },
  ]);
  t.match((await plan(nodes, { name: target })).blockers, [], "and no other host");
});

t.test("a folder of the host that names no host keeps it, too", async (t) => {
  const nodes = await createNodes();
  await nodes.memory.add({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "folder" },
    spec: {
      capacity: { storage: "2Gi" },
      accessModes: [],
      hostPath: { path: "/srv" },
      claimRef: { namespace: "demo", name: "files" },
    },
    status: { phase: "Bound" },
  } as never);
  await nodes.memory.add({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "files", namespace: "demo" },
    spec: { volumeName: "folder" },
    status: { phase: "Bound" },
  } as never);
  const volumes = [{ name: "x", persistentVolumeClaim: { claimName: "files" } }];
  await addPod(nodes, "web", { spec: { nodeName: source, containers: [], volumes } });
  const { blockers } = await plan(nodes);
  t.match(blockers[0], {
    code: "NODE_HAS_VOLUMES",
    why: "demo/files: 2Gi in folder, used by web; a hostPath is in no backup, copy it by hand",
  });
});

t.test("volumes that no claim uses are told, and do not keep it", async (t) => {
  const nodes = await createNodes();
  await addStatefulSet(nodes.memory, "db", [{ name: "data", content: "rows" }]);
  const { cluster } = nodes.memory;
  const [volume] = cluster.all("PersistentVolume");
  const name = volume?.metadata.name ?? "";
  cluster.change(
    { kind: "PersistentVolume", name },
    { spec: { persistentVolumeReclaimPolicy: "Retain" } },
  );
  cluster.remove({ kind: "StatefulSet", name: "db", namespace: "demo" });
  cluster.remove({ kind: "Pod", name: "db-0", namespace: "demo" });
  cluster.remove({ kind: "PersistentVolumeClaim", name: "data-db-0", namespace: "demo" });
  const wanted = await plan(nodes);
  t.strictSame(wanted.blockers, []);
  t.strictSame(wanted.openItems, [
    `${name} of demo/data-db-0 (1Gi, Retain) has its data on the host, and no claim uses it; once nobody needs it: kubectl delete pv ${name}`,
  ]);
  t.equal((await execute(nodes.world, wanted)).exitCode, 0);
  t.ok(cluster.peek({ kind: "PersistentVolume", name }), "no volume is deleted");
});

t.test(
  "a claim that comes while somebody thinks ends the run, and the node is as before",
  async (t) => {
    const nodes = await createNodes();
    const wanted = await plan(nodes);
    await addStatefulSet(nodes.memory, "db", [{ name: "data", content: "rows" }]);
    const outcome = await execute(nodes.world, wanted);
    t.match(outcome, {
      state: "undone",
      exitCode: 3,
      failure: { step: "k3s-uninstall", error: { code: "NODE_HAS_VOLUMES" } },
      leftOver: [],
    });
    const node = nodes.memory.cluster.peek({ kind: "Node", name: source });
    t.equal(node?.spec?.unschedulable, false);
    t.ok(nodes.k3s.has(source));
  },
);

t.test("a node that was cordoned before stays so when the run is undone", async (t) => {
  const nodes = await createNodes();
  const wanted = { ...(await plan(nodes)), wasCordoned: true };
  await addStatefulSet(nodes.memory, "db", [{ name: "data", content: "rows" }]);
  t.equal((await execute(nodes.world, wanted)).state, "undone");
  const node = nodes.memory.cluster.peek({ kind: "Node", name: source });
  t.equal(node?.spec?.unschedulable, true);
});

t.test(
  "pods that nothing starts again keep it; those that stay or have ended do not",
  async (t) => {
    const nodes = await createNodes();
    const owner = {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      name: "a",
      uid: "1",
      controller: true,
    };
    await addPod(nodes, "agent", { metadata: { name: "agent", ownerReferences: [owner] } });
    const annotations = { "kubernetes.io/config.mirror": "x" };
    await addPod(nodes, "static", { metadata: { name: "static", annotations } });
    await addPod(nodes, "ended");
    nodes.memory.cluster.change(
      { kind: "Pod", name: "ended", namespace: "demo" },
      { status: { phase: "Succeeded" } },
    );
    t.match(await plan(nodes), { podsToMove: 0, blockers: [] });
    await addPod(nodes, "bare");
    t.match((await plan(nodes)).blockers, [{ code: "NODE_PODS_UNMANAGED", why: /: demo\/bare$/ }]);
  },
);

t.test("pods that will not go leave the node cordoned, for the same command again", async (t) => {
  const nodes = await createNodes();
  nodes.books["k3s-drain"] = async () => {
    nodes.memory.cluster.change({ kind: "Node", name: source }, { spec: { unschedulable: true } });
    const why = "Cannot evict pod as it would violate the pod's disruption budget";
    throw new InfraError({ code: "PLAYBOOK_FAILED", message: "no", why, exitCode: 4 });
  };
  t.match(await execute(nodes.world, await plan(nodes)), { state: "failed", exitCode: 4 });
  t.ok(nodes.k3s.has(source));
  t.match(await plan(nodes), { wasCordoned: true });
});

t.test("a failure after k3s is gone is half done, and the same command goes on", async (t) => {
  const nodes = await createNodes();
  nodes.books["firewall"] = async () => {
    throw new InfraError({ code: "PLAYBOOK_FAILED", message: "no", exitCode: 4 });
  };
  t.match(await execute(nodes.world, await plan(nodes)), { state: "half-done", exitCode: 5 });
  t.ok(
    nodes.hosts.some(({ name }) => name === source),
    "it can still be named",
  );
  delete nodes.books["firewall"];
  const wanted = await plan(nodes);
  t.match(wanted, { node: "gone", podsToMove: 0 });
  t.equal((await execute(nodes.world, wanted)).exitCode, 0);
  checkGone(t, nodes);
});

t.test("of a host that is gone only the traces go", async (t) => {
  const nodes = await createNodes();
  nodes.memory.setHost(source, "off");
  await nodes.memory.settle(60);
  const wanted = await plan(nodes, { isHostGone: true });
  t.match(wanted, { node: "not-ready", blockers: [] });
  t.match(wanted.openItems, [/^see that vps-aws-1 is deleted at its provider/]);
  nodes.k3s.delete(source);
  t.equal((await execute(nodes.world, wanted)).exitCode, 0);
  t.strictSame(
    nodes.played.map(({ name }) => name),
    ["firewall"],
  );
  checkGone(t, nodes);
});

t.test("a claim on a host that is gone is still found at the last moment", async (t) => {
  const nodes = await createNodes();
  await addStatefulSet(nodes.memory, "db", [{ name: "data", content: "rows" }]);
  nodes.memory.setHost(source, "off");
  await nodes.memory.settle(60);
  const wanted = { ...(await plan(nodes, { isHostGone: true })), blockers: [] };
  t.match(await execute(nodes.world, wanted), {
    state: "undone",
    failure: { step: "delete-node", error: { code: "NODE_HAS_VOLUMES" } },
  });
  t.ok(nodes.memory.cluster.peek({ kind: "Node", name: source }));
});

t.test("a node that nobody hears of is not drained: k3s is removed at once", async (t) => {
  const nodes = await createNodes();
  nodes.memory.setHost(source, "cut-off");
  await nodes.memory.settle(60);
  const outcome = await execute(nodes.world, await plan(nodes));
  t.equal(outcome.exitCode, 0);
  t.strictSame(
    nodes.played.map(({ name }) => name),
    ["k3s-uninstall", "firewall"],
  );
});

t.test("who is not gone, and who cannot be reached, is told", async (t) => {
  const nodes = await createNodes();
  const [, , host] = nodes.hosts;
  if (host === undefined) throw new Error("the third host");
  const look = async (isHostGone: boolean) =>
    await checkRemoval(nodes.world, host, { isHostGone, signal });
  t.strictSame(await look(false), []);
  t.match(await look(true), [{ code: "NODE_HOST_ALIVE", why: /it lets somebody in, and has k3s/ }]);
  t.match((await plan(nodes, { isHostGone: true })).blockers, [
    { code: "NODE_HOST_ALIVE", why: /its node is Ready/ },
  ]);
  nodes.k3s.delete(source);
  t.strictSame(await look(true), [], "another machine of its name");
  nodes.memory.setHost(source, "off");
  t.strictSame(await look(true), []);
  t.match(await look(false), [
    {
      code: "NODE_HOST_UNREACHABLE",
      why: /nobody answers at/,
      fix: /failover\.ts --source-node vps-aws-1\), then add --host-gone/,
    },
  ]);
});

t.test("servers stay, by the inventory and by what the cluster says", async (t) => {
  const nodes = await createNodes();
  await t.rejects(plan(nodes, { name: server }), { code: "NODE_IS_SERVER", fix: /k3s-uninstall/ });
  await t.rejects(plan(nodes, { name: "vps-aws-2" }), {
    code: "INVENTORY_HOST_UNKNOWN",
    fix: /"vps-aws-1"/,
  });
  nodes.memory.cluster.change(
    { kind: "Node", name: source },
    { metadata: { labels: { "node-role.kubernetes.io/control-plane": "true" } } },
  );
  t.match((await plan(nodes)).blockers, [{ code: "NODE_IS_SERVER" }]);
});

t.test("a host that is reached over the mesh alone would lock everybody out", async (t) => {
  const nodes = await createNodes({ hasMesh: true });
  t.match((await plan(nodes, { hasPublicSsh: false })).blockers, [{ code: "NODE_SSH_MESH_ONLY" }]);
});

t.test("the plan tells what is done, what is left and what forbids it", async (t) => {
  const nodes = await createNodes({ hasMesh: true });
  await addPod(nodes, "bare");
  const wanted = await plan(nodes);
  const text = renderRemovalPlan(wanted, buildRemovalSteps(nodes.world, wanted, { via: "auto" }));
  t.match(text, /^Remove vps-aws-1 from cluster one\n.*a Ready node, 1 pod to move\n/);
  t.match(text, "\n! Remove k3s from the host and leave the mesh; volumes stay on its disk\n");
  t.match(text, "\nLeft for you afterwards:\n  - if the mesh still lists");
  t.match(text, /\nblocked: .*\[NODE_PODS_UNMANAGED\]\n {2}why {2}.*\n {2}fix {2}/);
});
