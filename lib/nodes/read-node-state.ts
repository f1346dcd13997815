import type { World } from "../world.ts";
import type { NodeState } from "./plan-removal.ts";

/** Reads what a removal is planned by. Throws what Cluster throws. */
export async function readNodeState(cluster: World["cluster"]): Promise<NodeState> {
  const [nodes, volumes, claims, pods] = await Promise.all([
    cluster.list("Node"),
    cluster.list("PersistentVolume"),
    cluster.list("PersistentVolumeClaim"),
    cluster.list("Pod"),
  ]);
  return { nodes, volumes, claims, pods };
}
