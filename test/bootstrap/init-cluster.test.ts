import t from "tap";
import { type BootstrapWorld, buildInitSteps } from "../../lib/bootstrap/init-cluster.ts";
import { findNodeFaults } from "../../lib/bootstrap/verify-nodes.ts";
import { InfraError } from "../../lib/errors.ts";
import type { Host } from "../../lib/inventory/load.ts";
import type { Node } from "../../lib/objects.ts";
import type { Cluster, Playbooks } from "../../lib/world.ts";
import { execute } from "../support/memory/execute.ts";

function makeHost(name: string, meshIp?: string): Host {
  return {
    name,
    group: "k3s_workers",
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
}

async function init({ hosts = [makeHost("a-1")], nodes, playbooks, isOtherCluster }: Lab) {
  const answers = nodes ?? [[makeNode("a-1", "True", "192.0.2.1")]];
  const ran: string[] = [];
  const cluster = {
    list: async () => (answers.length > 1 ? answers.shift() : answers[0]),
  } as unknown as Cluster;
  const { outcome } = await execute((_log, clock) => {
    const world: BootstrapWorld = {
      clock,
      journal: { append: async () => undefined },
      playbooks: playbooks ?? {
        async run(name) {
          ran.push(name);
          return { changed: { "a-1": 3 } };
        },
      },
      loadHosts: async () => hosts,
      openCluster: async () => cluster,
      async recordCluster() {
        if (isOtherCluster) throw new InfraError({ code: "SITE_WRONG_CLUSTER", message: "other" });
        return "uid-1";
      },
    };
    return buildInitSteps(world);
  });
  return { outcome, ran };
}

t.test("the playbooks run, and every host is a Ready node in the end", async (t) => {
  const { outcome, ran } = await init({
    nodes: [[], [makeNode("a-1", "False", "192.0.2.1")], [makeNode("a-1", "True", "192.0.2.1")]],
  });
  t.equal(outcome.exitCode, 0);
  t.strictSame(ran, ["k3s-cluster"]);
  t.match(outcome.results[0]?.facts, { changed: { "a-1": 3 } });
  t.match(outcome.results.at(-1)?.facts, { clusterUid: "uid-1", nodes: 1 });
});

t.test("a playbook that fails ends the run, and can be run again", async (t) => {
  const playbooks: Playbooks = {
    async run() {
      throw new InfraError({ code: "PLAYBOOK_FAILED", message: "no", exitCode: 4 });
    },
  };
  const { outcome } = await init({ playbooks });
  t.match(outcome, { state: "failed", exitCode: 4, failure: { step: "k3s-cluster" } });
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
