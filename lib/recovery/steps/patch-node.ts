import { exitCodes, hasCode, InfraError } from "../../errors.ts";
import type { Node, Taint } from "../../objects.ts";
import type { World } from "../../world.ts";

const tries = 10;

/**
 * Changes a node's cordon and taints. Taints are a list that other controllers write too, so the
 * change is made again on a fresh copy when somebody was faster. `change` returns undefined when
 * nothing is to be changed. Throws CLUSTER_NODE_GONE when the node was deleted.
 */
export async function patchNode(
  cluster: World["cluster"],
  name: string,
  change: (node: Node) => { unschedulable?: boolean; taints?: Taint[] } | undefined,
): Promise<boolean> {
  const ref = { kind: "Node", name } as const;
  for (let attempt = 1; ; attempt += 1) {
    const node = await cluster.find(ref);
    if (node === undefined) {
      throw new InfraError({
        code: "CLUSTER_NODE_GONE",
        message: `node "${name}" was deleted from the cluster`,
        why: "a node that comes back after that has none of its taints and takes its pods again",
        fix: "Make sure that the host stays off, and run the same command again once the node is back",
        exitCode: exitCodes.failed,
      });
    }
    const spec = change(node);
    if (spec === undefined) return false;
    try {
      const { resourceVersion } = node.metadata;
      await cluster.patch(ref, { metadata: { resourceVersion }, spec });
      return true;
    } catch (error) {
      if (!hasCode(error, "CLUSTER_CONFLICT") || attempt === tries) throw error;
    }
  }
}

/** The node's taints without those of one key. */
export function withoutTaint(node: Node, key: string): Taint[] {
  return (node.spec?.taints ?? []).filter((taint) => taint.key !== key);
}

/** The node's taint of a key. */
export function findTaint(node: Node | undefined, key: string): Taint | undefined {
  return node?.spec?.taints?.find((taint) => taint.key === key);
}
