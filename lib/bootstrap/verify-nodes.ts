import { exitCodes, InfraError } from "../errors.ts";
import type { Host } from "../inventory/load.ts";
import { isNodeReady, type Node } from "../objects.ts";
import type { Step } from "../steps/step.ts";
import type { BootstrapWorld } from "./world.ts";

/** Images are loaded and pods of the system start in this time. */
const readySeconds = 180;

/** Sees that every host of the inventory is a Ready node, and whose cluster this is. */
export function verifyNodes(world: BootstrapWorld, after: string[]): Step {
  return {
    id: "verify-nodes",
    title: "See that every host is a Ready node",
    after,
    timeoutSeconds: readySeconds + 60,
    waitsFor: "all nodes to be Ready",
    async observe() {
      return { state: "open" };
    },
    async act() {},
    async verify(run) {
      const [hosts, cluster] = await Promise.all([world.loadHosts(), world.openCluster()]);
      const end = world.clock.now() + readySeconds * 1000;
      const nodes = await run.poll<number>(async () => {
        const faults = findNodeFaults(hosts, await cluster.list("Node"));
        if (faults.length === 0) return { done: hosts.length };
        if (world.clock.now() >= end) throw unwell(faults);
        return { waiting: faults.join("; ") };
      }, 1);
      // Only a cluster of the inventory's own hosts can be the site's.
      return { clusterUid: await world.recordCluster(cluster), nodes };
    },
  };
}

/** What is missing until the nodes are those of the inventory, all Ready, at their addresses. */
export function findNodeFaults(hosts: readonly Host[], nodes: readonly Node[]): string[] {
  return hosts.flatMap(({ name, meshIp }) => {
    const node = nodes.find((one) => one.metadata.name === name);
    if (node === undefined) return `${name} is not a node`;
    if (!isNodeReady(node)) return `${name} is not Ready`;
    const internal = node.status?.addresses?.filter(({ type }) => type === "InternalIP") ?? [];
    // Without a mesh a host may be behind NAT, and knows its own address better than the inventory.
    if (meshIp === undefined || internal.some(({ address }) => address === meshIp)) return [];
    const seen = internal.map(({ address }) => address).join(", ") || "no address";
    return `${name} is at ${seen}, and ${meshIp} in the mesh`;
  });
}

function unwell(faults: string[]): InfraError {
  return new InfraError({
    code: "BOOTSTRAP_NODES_UNWELL",
    message: "the cluster is not as the inventory says",
    why: faults.join("\n"),
    fix: "Look at journalctl -u k3s (k3s-agent on agents) of these hosts, then run the same command again",
    exitCode: exitCodes.failed,
  });
}
