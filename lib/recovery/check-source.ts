import type { ErrorDetails } from "../errors.ts";
import { isNodeReady, type Node } from "../objects.ts";
import { controlPlaneLabel } from "./labels.ts";
import type { ClusterState } from "./state.ts";

/** Why a failover away from `source` must not be planned, whatever the target. */
export function findSourceBlockers(state: ClusterState, source: Node): ErrorDetails[] {
  const blockers: ErrorDetails[] = [];
  const servers = state.nodes.filter((node) => controlPlaneLabel in (node.metadata.labels ?? {}));
  if (servers.length === 1 && servers[0] === source) {
    blockers.push({
      code: "RECOVERY_SOURCE_ONLY_SERVER",
      message: `"${source.metadata.name}" is the only server of the cluster`,
      why: "moving its volumes needs a control plane that outlives it",
      fix: "Restore the control plane from an etcd snapshot on a new host; this command cannot do it",
    });
  }
  const down = state.nodes.filter((node) => !isNodeReady(node)).map((node) => node.metadata.name);
  const limit = Math.max(1, Math.floor(state.nodes.length / 3));
  if (down.length > limit) {
    blockers.push({
      code: "RECOVERY_STORM",
      message: `${down.length} of ${state.nodes.length} nodes are not Ready at once`,
      why: `${down.join(", ")}: more than ${limit} looks like a broken network, not like a dead host`,
      fix: `Find out what the nodes have in common; fail over when at most ${limit} is down`,
    });
  }
  return blockers;
}
