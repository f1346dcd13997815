import type { OwnerReference, Pod, Workload } from "../objects.ts";
import { listPins, type Placement } from "./hostname-pin.ts";
import type { ClusterState } from "./state.ts";

/** A workload whose template allows its pods on one host only. */
export interface PinnedWorkload {
  kind: "StatefulSet" | "Deployment";
  namespace: string;
  name: string;
  /** The value of the host's label. */
  hostname: string;
  /** What the template says of where its pods may run. */
  placement: Placement;
}

/** The workloads among the makers of these pods that are bound to a host, and can be made to move. */
export function findPinned(
  pods: readonly Pod[],
  owners: ClusterState["owners"],
  hostname: string,
): { workload: PinnedWorkload; pods: Pod[] }[] {
  const found = new Map<Workload, { workload: PinnedWorkload; pods: Pod[] }>();
  for (const pod of pods) {
    const maker = findMaker(pod, owners);
    if (maker === undefined || !makesOthers(maker)) continue;
    const { kind, metadata, spec } = maker;
    const { nodeSelector, affinity } = spec?.template?.spec ?? {};
    const placement = {
      ...(nodeSelector === undefined ? {} : { nodeSelector }),
      ...(affinity === undefined ? {} : { affinity }),
    };
    if (listPins(placement, hostname).length === 0) continue;
    const { namespace = "", name } = metadata;
    const workload = { kind, namespace, name, hostname, placement };
    const one = found.get(maker) ?? { workload, pods: [] };
    one.pods.push(pod);
    found.set(maker, one);
  }
  return [...found.values()];
}

/** What a person, or Git, has written for the pod to be made. */
function findMaker(
  { metadata }: Pick<Pod, "metadata">,
  owners: ClusterState["owners"],
): Workload | undefined {
  const owner = owners.get(findController(metadata.ownerReferences)?.uid ?? "");
  if (owner?.kind !== "ReplicaSet") return owner;
  return owners.get(findController(owner.metadata.ownerReferences)?.uid ?? "");
}

function findController(references: OwnerReference[] = []): OwnerReference | undefined {
  return references.find((one) => one.controller === true);
}

/** Whether a pod that is gone is made again from the template as it is then, and not from an older one. */
function makesOthers(
  workload: Workload,
): workload is Workload & { kind: "StatefulSet" | "Deployment" } {
  const { paused, updateStrategy } = workload.spec ?? {};
  if (workload.kind === "Deployment") return paused !== true;
  if (workload.kind !== "StatefulSet" || updateStrategy?.type === "OnDelete") return false;
  return (updateStrategy?.rollingUpdate?.partition ?? 0) === 0;
}
