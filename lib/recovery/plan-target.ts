import type { ErrorDetails } from "../errors.ts";
import type { ConfigMap, Node, Pod } from "../objects.ts";
import { readHostname } from "./find-volumes.ts";
import { measureFree } from "./place-pod.ts";
import type { TargetNode } from "./plan.ts";
import { parseQuantity } from "../manifests/quantity.ts";
import type { ClusterState } from "./state.ts";

/** The target of a plan; adds a blocker when local-path has no folder there. */
export function planTarget(
  state: ClusterState,
  target: Node,
  blockers: ErrorDetails[],
): TargetNode {
  const { name, uid = "" } = target.metadata;
  const storagePath = findStoragePath(state.localPathConfig, name);
  if (storagePath === undefined) {
    blockers.push({
      code: "RECOVERY_STORAGE_UNKNOWN",
      message: `local-path has no folder on "${name}"`,
      why: "its ConfigMap local-path-config was not found, or names no path for the node",
      fix: "Install local-path-provisioner, or give the node a path in its config.json",
    });
  }
  return {
    name,
    uid,
    hostname: readHostname(target),
    storagePath: storagePath ?? "",
  };
}

/** The folder for new volumes on a node, from local-path's `config.json`. */
export function findStoragePath(config: ConfigMap | undefined, node: string): string | undefined {
  const text = config?.data?.["config.json"];
  if (text === undefined) return undefined;
  const { nodePathMap = [] } = JSON.parse(text) as {
    nodePathMap?: { node: string; paths: string[] }[];
  };
  const entry =
    nodePathMap.find((one) => one.node === node) ??
    nodePathMap.find((one) => one.node === "DEFAULT_PATH_FOR_NON_LISTED_NODES");
  return entry?.paths[0];
}

/** Memory that one restore may take, the limit of its pod. */
const restoreMemory = 512 * 2 ** 20;

/** As many restores at once as the cores and the memory of a node carry. */
export function defaultConcurrency(target: Node, pods: Pod[]): number {
  const { cpu = "1" } = target.status?.allocatable ?? {};
  const byMemory = Math.floor(measureFree(target, pods).memory / restoreMemory);
  return Math.max(1, Math.min(Math.floor(parseQuantity(cpu)), byMemory));
}
