import type { Pod } from "../objects.ts";

/** What kubelets write on the pods that they have from a file of their own host. */
const mirrorAnnotation = "kubernetes.io/config.mirror";

/**
 * The pods of a node that `kubectl drain` moves away; those of DaemonSets and of files on the host
 * stay, and those that have ended do not count (k8s.io/kubectl/pkg/drain/filters.go).
 */
export function findPodsToMove(pods: readonly Pod[], node: string): Pod[] {
  return pods.filter(({ spec, status, metadata }) => {
    if (spec.nodeName !== node) return false;
    if (status?.phase === "Succeeded" || status?.phase === "Failed") return false;
    if (metadata.annotations?.[mirrorAnnotation] !== undefined) return false;
    return !listControllers({ metadata }).includes("DaemonSet");
  });
}

/** Those that nothing would start again elsewhere; `kubectl drain` refuses to begin with them. */
export function findUnmanagedPods(pods: readonly Pod[]): Pod[] {
  return pods.filter((pod) => listControllers(pod).length === 0);
}

function listControllers({ metadata }: Pick<Pod, "metadata">): string[] {
  const owners = metadata.ownerReferences ?? [];
  return owners.filter(({ controller }) => controller === true).map(({ kind }) => kind);
}
