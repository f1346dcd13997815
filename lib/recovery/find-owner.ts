import type { ErrorDetails } from "../errors.ts";
import type { Pod, Workload } from "../objects.ts";
import type { ClusterState } from "./state.ts";

/** Who makes a pod again after it is gone: a text for people, or why the failover must not go on. */
export type Ownership = { owner: string; template?: Workload } | { blocker: ErrorDetails };

/**
 * Follows the owner chain of a pod. ReplicaSets (with a Deployment above or not) and StatefulSets
 * make their pods again; everything else is refused by name.
 */
export function findOwner(pod: Pod, state: ClusterState): Ownership {
  const where = `${pod.metadata.namespace}/${pod.metadata.name}`;
  const reference = pod.metadata.ownerReferences?.find((owner) => owner.controller === true);
  if (reference === undefined) {
    return refuse(
      "RECOVERY_OWNER_NONE",
      `pod "${where}" has no controller that makes it again`,
      "Put the pod under a Deployment or StatefulSet",
    );
  }
  const named = `${reference.kind} ${reference.name}`;
  if (reference.kind === "StatefulSet") {
    const template = state.owners.get(reference.uid);
    const above = template?.metadata.ownerReferences?.find((owner) => owner.controller === true);
    if (above !== undefined) return refuseUnknown(where, `${above.kind} ${above.name}`, above.kind);
    return { owner: named, ...(template === undefined ? {} : { template }) };
  }
  if (reference.kind === "ReplicaSet") {
    const above = state.owners
      .get(reference.uid)
      ?.metadata.ownerReferences?.find((owner) => owner.controller === true);
    return { owner: above === undefined ? named : `${above.kind} ${above.name}` };
  }
  if (reference.kind === "Job") {
    return refuse(
      "RECOVERY_OWNER_JOB",
      `pod "${where}" belongs to ${named}; moving the volume of a job is not there yet`,
      `Suspend or delete the job and its pods first: kubectl -n ${pod.metadata.namespace} delete job ${reference.name}`,
    );
  }
  return refuseUnknown(where, named, reference.kind);
}

function refuseUnknown(where: string, named: string, kind: string): Ownership {
  return refuse(
    "RECOVERY_OWNER_UNKNOWN",
    `pod "${where}" belongs to ${named}, which looks after its own data`,
    `Use the promotion or failover that ${kind} has itself`,
  );
}

function refuse(code: string, message: string, fix: string): Ownership {
  return { blocker: { code, message, fix } };
}
