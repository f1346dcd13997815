import t from "tap";
import { InfraError } from "../../lib/errors.ts";
import type { Host } from "../../lib/inventory/load.ts";
import { buildJoinSteps } from "../../lib/nodes/join-steps.ts";
import {
  getJoiningHost,
  type JoinPlan,
  planJoin,
  renderJoinPlan,
} from "../../lib/nodes/plan-join.ts";
import { executeSteps } from "../../lib/steps/execute.ts";
import { createNodes, makeHost, type MemoryNodes } from "../support/memory/node-world.ts";
import { server, source, target } from "../support/memory/world.ts";

const fresh = "vps-new-1";

function addFresh({ hosts, memory }: MemoryNodes, more: Partial<Host> = {}): void {
  hosts.push(makeHost(fresh, { publicIp: "10.0.0.9", ...more }));
  memory.hosts.machines.set(fresh, {
    name: fresh,
    publicIp: "10.0.0.9",
    state: "up",
    power: "running",
    freeBytes: 1,
  });
}

function plan({ hosts, memory }: MemoryNodes, mesh: string, name = fresh): JoinPlan {
  return planJoin({ cluster: "one", hosts, name, mesh, nodes: memory.cluster.all("Node") });
}

async function execute(nodes: MemoryNodes, wanted: JoinPlan) {
  return await executeSteps({
    runId: "join-1",
    steps: buildJoinSteps(nodes.world, wanted, { via: "auto" }),
    world: nodes.world,
    emit: () => undefined,
    signal: new AbortController().signal,
    resumed: false,
    irreversible: false,
    onIrreversible: async () => undefined,
  });
}

t.test(
  "over a mesh only the host itself is touched, and its address there is waited for",
  async (t) => {
    const nodes = await createNodes({ hasMesh: true });
    addFresh(nodes);
    nodes.books["bootstrap"] = async () => {
      const host = nodes.hosts.find(({ name }) => name === fresh);
      if (host !== undefined) host.meshIp = "100.64.0.9";
    };
    const wanted = plan(nodes, "tailscale");
    t.match(wanted, { node: "new", hasMesh: true, absent: [], peers: [] });
    const outcome = await execute(nodes, wanted);
    t.equal(outcome.exitCode, 0);
    t.strictSame(nodes.played, [
      { name: "bootstrap", limit: [fresh], variables: {} },
      { name: "k3s-worker", limit: [fresh], variables: { k3s_absent_hosts: [] } },
    ]);
    t.strictSame(outcome.results.at(-1)?.facts, { cordoned: false });
    const node = nodes.memory.cluster.peek({ kind: "Node", name: fresh });
    t.match(node?.status?.addresses, [{ address: "100.64.0.9" }]);
  },
);

t.test("without a mesh the firewalls of the others let it in before it joins", async (t) => {
  const nodes = await createNodes();
  addFresh(nodes);
  const outcome = await execute(nodes, plan(nodes, "none"));
  t.equal(outcome.exitCode, 0);
  t.strictSame(
    nodes.played.map(({ name, limit }) => [name, limit]),
    [
      ["bootstrap", [fresh]],
      ["firewall", [server, target, source]],
      ["k3s-worker", [fresh]],
    ],
  );
});

t.test("a host that is down, or no node yet, holds nobody up", async (t) => {
  const nodes = await createNodes();
  addFresh(nodes);
  nodes.hosts.push(makeHost("vps-new-2", { publicIp: "10.0.0.10" }));
  nodes.memory.setHost(source, "off");
  await nodes.memory.settle(60);
  const wanted = plan(nodes, "none");
  t.match(wanted, { absent: [source, "vps-new-2"], peers: [server, target] });
  await execute(nodes, wanted);
  t.strictSame(nodes.played[1]?.limit, [server, target]);
  t.strictSame(nodes.played[2]?.variables["k3s_absent_hosts"], [source, "vps-new-2"]);
  const text = renderJoinPlan(wanted, []);
  t.match(text, `warning: ${source}, vps-new-2 are no Ready nodes`);
  t.match(text, "run bootstrap.yml once they are back");
});

t.test("a Ready node is told so, and the playbooks look at it all the same", async (t) => {
  const nodes = await createNodes({ hasMesh: true });
  const wanted = plan(nodes, "tailscale", source);
  t.equal(wanted.node, "well");
  t.match(renderJoinPlan(wanted, []), "It is a Ready node at its address already");
  t.equal((await execute(nodes, wanted)).exitCode, 0);
  t.equal(nodes.played.length, 2);
});

t.test("a node that is cordoned is a fact for the end", async (t) => {
  const nodes = await createNodes();
  nodes.memory.cluster.change({ kind: "Node", name: source }, { spec: { unschedulable: true } });
  const outcome = await execute(nodes, plan(nodes, "none", source));
  t.strictSame(outcome.results.at(-1)?.facts, { cordoned: true });
});

t.test("a node at another address is no Ready node with its address", async (t) => {
  const nodes = await createNodes({ hasMesh: true });
  nodes.memory.cluster.change(
    { kind: "Node", name: source },
    { status: { addresses: [{ type: "InternalIP", address: "10.0.0.3" }] } },
  );
  const wanted = plan(nodes, "tailscale", source);
  t.match(wanted, { node: "unwell", faults: [/is at 10\.0\.0\.3, and 100\.64\.0\.3 in the mesh/] });
  t.match(renderJoinPlan(wanted, []), `remove-node.ts --node ${source} --host-gone`);
  nodes.books["k3s-worker"] = async () => undefined;
  t.match(await execute(nodes, wanted), {
    exitCode: 4,
    failure: { step: "await-node", error: { code: "NODE_UNWELL", why: /in the mesh/ } },
  });
});

t.test("a playbook that fails can be run again", async (t) => {
  const nodes = await createNodes();
  addFresh(nodes);
  nodes.books["bootstrap"] = async () => {
    throw new InfraError({ code: "PLAYBOOK_FAILED", message: "no", exitCode: 4 });
  };
  t.match(await execute(nodes, plan(nodes, "none")), { exitCode: 4, state: "failed" });
  delete nodes.books["bootstrap"];
  t.equal((await execute(nodes, plan(nodes, "none"))).exitCode, 0);
});

t.test("what the inventory says of the mesh is what the server is in", async (t) => {
  for (const [hasMesh, mesh, fix] of [
    [false, "tailscale", /init-cluster\.ts; or set mesh: none/],
    [true, "none", /mesh: tailscale or zerotier/],
  ] as const) {
    const nodes = await createNodes({ hasMesh });
    addFresh(nodes);
    t.throws(() => plan(nodes, mesh), { code: "NODE_MESH_DIFFERS", fix, exitCode: 2 });
  }
});

t.test("a host that is not there is told with the lines to add", async (t) => {
  const { hosts } = await createNodes();
  t.throws(() => getJoiningHost(hosts, "vps-aws-2"), {
    code: "INVENTORY_HOST_UNKNOWN",
    fix: /^Did you mean "vps-aws-1"\? If not, add it to hosts\.yml.*k3s_workers:\n +hosts:\n +vps-aws-2:\n +public_ip: /s,
  });
  t.throws(() => getJoiningHost(hosts, "somewhere-else"), {
    code: "INVENTORY_HOST_UNKNOWN",
    fix: /^Add it to hosts\.yml/,
  });
  t.throws(() => getJoiningHost(hosts, server), {
    code: "NODE_IS_SERVER",
    fix: /init-cluster\.ts/,
  });
});
