import t from "tap";
import type { Way } from "../../lib/bootstrap/choose-way.ts";
import { buildInitSteps, renderInitPlan } from "../../lib/bootstrap/init-cluster.ts";
import { findNodeFaults } from "../../lib/bootstrap/verify-nodes.ts";
import type { BootstrapWorld } from "../../lib/bootstrap/world.ts";
import { InfraError } from "../../lib/errors.ts";
import type { Host } from "../../lib/inventory/load.ts";
import type { Node } from "../../lib/objects.ts";
import type { Cluster, HostAnswer, Playbooks, ProbeResult } from "../../lib/world.ts";
import { execute } from "../support/memory/execute.ts";

function makeHost(name: string, meshIp?: string): Host {
  return {
    name,
    group: "k3s_masters",
    publicIp: "192.0.2.1",
    meshIp,
    ansibleUser: "root",
    sshPrivateKeyFile: undefined,
    sshPort: 22,
    provider: "manual",
    providerId: undefined,
    place: { file: "hosts.yml" },
  };
}

function makeNode(name: string, ready: string, address: string): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    status: {
      conditions: [{ type: "Ready", status: ready }],
      addresses: [{ type: "InternalIP", address }],
    },
  };
}

interface Lab {
  hosts?: Host[];
  /** What the cluster says of its nodes, one answer after the other, the last one for ever. */
  nodes?: Node[][];
  playbooks?: Playbooks;
  isOtherCluster?: boolean;
  via?: Way;
  /** What a connection to an address of the mesh comes to. */
  mesh?: ProbeResult;
  /** What the server says when it is asked for its token. */
  token?: HostAnswer;
}

const token: HostAnswer = {
  kind: "ran",
  stdout: "Welcome!\nK10abc::server:0123456789\n",
  stderr: "",
  code: 0,
  address: "192.0.2.1",
};

async function init(lab: Lab) {
  const { hosts = [makeHost("a-1")], nodes, playbooks, isOtherCluster, via = "auto" } = lab;
  const answers = nodes ?? [[makeNode("a-1", "True", "192.0.2.1")]];
  const ran: string[] = [];
  const ways: unknown[] = [];
  const escrowed: string[] = [];
  const cluster = {
    list: async () => (answers.length > 1 ? answers.shift() : answers[0]),
  } as unknown as Cluster;
  const { outcome } = await execute((_log, clock) => {
    const world: BootstrapWorld = {
      clock,
      journal: { append: async () => undefined },
      playbooks: playbooks ?? {
        async run(name, options) {
          ran.push(name);
          ways.push(options?.variables?.["via"]);
          return { changed: { "a-1": 3 } };
        },
      },
      loadHosts: async () => hosts,
      connectHosts: () => ({
        run: async () => lab.token ?? token,
        probe: async () => lab.mesh ?? "open",
        readFreeBytes: async () => 0,
      }),
      openCluster: async () => cluster,
      async recordCluster() {
        if (isOtherCluster) throw new InfraError({ code: "SITE_WRONG_CLUSTER", message: "other" });
        return "uid-1";
      },
      async escrowToken(one) {
        escrowed.push(one);
        return "written";
      },
    };
    return buildInitSteps(world, { via, gitops: undefined, isRebuild: false });
  });
  return { outcome, ran, ways, escrowed };
}

t.test("the playbooks run, and every host is a Ready node in the end", async (t) => {
  const { outcome, ran, ways, escrowed } = await init({
    nodes: [[], [makeNode("a-1", "False", "192.0.2.1")], [makeNode("a-1", "True", "192.0.2.1")]],
  });
  t.equal(outcome.exitCode, 0);
  t.strictSame(ran, ["bootstrap", "k3s-cluster"]);
  t.strictSame(ways, [undefined, undefined], "the inventory decides");
  t.match(outcome.results[0]?.facts, { changed: { "a-1": 3 } });
  t.match(outcome.results[2]?.facts, { clusterUid: "uid-1", nodes: 1 });
  t.strictSame(escrowed, ["K10abc::server:0123456789"]);
  t.strictSame(outcome.results.at(-1)?.facts, { escrow: "written" });
});

t.test("a playbook that fails ends the run, and can be run again", async (t) => {
  const playbooks: Playbooks = {
    async run() {
      throw new InfraError({ code: "PLAYBOOK_FAILED", message: "no", exitCode: 4 });
    },
  };
  const { outcome } = await init({ playbooks });
  t.match(outcome, { state: "failed", exitCode: 4, failure: { step: "bootstrap" } });
});

t.test("a node that never comes is named, and waited for no longer than announced", async (t) => {
  const { outcome } = await init({
    hosts: [makeHost("a-1"), makeHost("b-1")],
    nodes: [[makeNode("a-1", "True", "192.0.2.1")]],
  });
  t.match(outcome, {
    exitCode: 4,
    failure: { error: { code: "BOOTSTRAP_NODES_UNWELL", why: "b-1 is not a node" } },
  });
});

t.test("another cluster than the site's is told", async (t) => {
  const { outcome } = await init({ isOtherCluster: true });
  t.match(outcome.failure, { step: "verify-nodes", error: { code: "SITE_WRONG_CLUSTER" } });
});

t.test("a node must be at its address in the mesh", async (t) => {
  const hosts = [makeHost("a-1", "100.64.0.1")];
  t.strictSame(findNodeFaults(hosts, [makeNode("a-1", "True", "100.64.0.1")]), []);
  t.strictSame(findNodeFaults(hosts, [makeNode("a-1", "True", "192.0.2.1")]), [
    "a-1 is at 192.0.2.1, and 100.64.0.1 in the mesh",
  ]);
});

t.test("a state that is not known is not Ready", async (t) => {
  t.strictSame(findNodeFaults([makeHost("a-1")], [makeNode("a-1", "Unknown", "192.0.2.1")]), [
    "a-1 is not Ready",
  ]);
});

t.test("hosts are reached as asked, and in public when the mesh does not answer", async (t) => {
  const hosts = [makeHost("a-1", "100.64.0.1")];
  const nodes = [[makeNode("a-1", "True", "100.64.0.1")]];
  for (const [via, mesh, expected] of [
    ["auto", "open", undefined],
    ["auto", "silent", "public"],
    ["mesh", "silent", "mesh"],
    ["public", "open", "public"],
  ] as const) {
    const { ways } = await init({ hosts, nodes, via, mesh });
    t.strictSame(ways, [expected, expected], `${via}, ${mesh}`);
  }
});

t.test("a token that cannot be read is told, and can be kept by another run", async (t) => {
  for (const answer of [
    { kind: "no-login", tries: [] },
    { kind: "ran", stdout: "", stderr: "no such file", code: 1, address: "192.0.2.1" },
  ] as const) {
    const { outcome, escrowed } = await init({ token: answer as HostAnswer });
    t.match(outcome, { exitCode: 4, failure: { error: { code: "BOOTSTRAP_TOKEN_UNREADABLE" } } });
    t.strictSame(escrowed, []);
  }
});

t.test("the plan names hosts and the ways between them", async (t) => {
  const links = [
    { from: "a-1", to: "b-1", rttMs: 12, packetBytes: 1500 },
    { from: "a-1", to: "c-1" },
  ] as const;
  const plan = renderInitPlan("one", [makeHost("a-1", "100.64.0.1")], links, {
    withGitops: true,
    isRebuild: false,
  });
  t.match(plan, "  server  a-1  root@192.0.2.1, 100.64.0.1 in the mesh\n");
  t.match(plan, "  a-1 to b-1: 12 ms, packets of 1500 bytes\n  a-1 to c-1: does not answer\n");
  t.match(plan, "(bootstrap.yml)\n");
  t.match(plan, "Start Argo CD");
  t.notMatch(
    renderInitPlan("one", [makeHost("a-1")], [], { withGitops: false, isRebuild: false }),
    "Argo CD",
  );
});
