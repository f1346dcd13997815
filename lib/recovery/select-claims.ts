import { InfraError } from "../errors.ts";
import type { Node } from "../objects.ts";
import { chooseBackup } from "../velero/choose-backup.ts";
import { type BoundClaim, findBoundClaims, groupByPods, readHostname } from "./find-volumes.ts";
import { runLabel } from "./labels.ts";
import { describeClaim } from "./names.ts";
import type { ClusterState } from "./state.ts";

/** Claims that some pods use together, with the node that their data lies on. */
export interface ClaimGroup {
  claims: BoundClaim[];
  node: Node;
}

/** What is to be restored, and what is left as it is, a sentence each. */
export interface Selection {
  groups: ClaimGroup[];
  leftAlone: string[];
}

/**
 * The claims of an app: those of a namespace, of the namespace that an Application is for, or of one
 * workload, `NAMESPACE/WORKLOAD`. Throws RECOVERY_APP_UNKNOWN.
 */
export function selectApp(state: ClusterState, app: string): Selection {
  const [name = "", workload] = app.split("/");
  const groups = listGroups(state);
  const application = state.applications.find(({ metadata }) => metadata.name === name);
  const namespaces = [name, application?.spec.destination?.namespace];
  for (const namespace of namespaces) {
    const found = groups.filter(
      (group) =>
        readNamespace(group) === namespace &&
        (workload === undefined || listWorkloads(group, state).includes(workload)),
    );
    if (found.length > 0) return { groups: found, leftAlone: [] };
  }
  const known = groups.flatMap((group) =>
    listWorkloads(group, state).map((one) => `${readNamespace(group)}/${one}`),
  );
  throw new InfraError({
    code: "RECOVERY_APP_UNKNOWN",
    message: `there is no app "${app}" with a volume that is bound to a node`,
    why: `those are: ${[...new Set(known)].toSorted().join(", ") || "none"}`,
    fix: "Name one of them, or its namespace for all in it; an app that was never started here has no claim yet: start it first",
  });
}

/**
 * The claims that began empty in this cluster, while the bucket has what a cluster before it had
 * under their name. What a run has restored already is left alone.
 */
export function selectEarlier(state: ClusterState): Selection {
  const groups: ClaimGroup[] = [];
  const leftAlone: string[] = [];
  for (const group of listGroups(state)) {
    const names = group.claims.map(nameClaim).join(", ");
    if (group.claims.some(({ volume }) => volume.metadata.labels?.[runLabel] !== undefined)) {
      leftAlone.push(`${names}: restored already`);
    } else if (group.claims.some((claim) => hasEarlier(claim, state))) {
      groups.push(group);
    } else {
      leftAlone.push(`${names}: nothing in the bucket is older than the claim`);
    }
  }
  return { groups, leftAlone };
}

function listGroups(state: ClusterState): ClaimGroup[] {
  return state.nodes.flatMap((node) =>
    groupByPods(findBoundClaims(state, readHostname(node))).map((claims) => ({ claims, node })),
  );
}

function readNamespace({ claims: [first] }: ClaimGroup): string {
  return first?.claim.metadata.namespace ?? "";
}

/** The names that a group goes by: its StatefulSet or Deployment, or claims that nobody uses. */
function listWorkloads({ claims }: ClaimGroup, state: ClusterState): string[] {
  const names = claims.flatMap(({ claim, pods }) => {
    if (pods.length === 0) return [claim.metadata.name];
    return pods.flatMap(({ metadata }) => {
      const owner = metadata.ownerReferences?.find((one) => one.controller === true);
      const above = state.owners
        .get(owner?.uid ?? "")
        ?.metadata.ownerReferences?.find((one) => one.controller === true);
      return above?.name ?? owner?.name ?? metadata.name;
    });
  });
  return [...new Set(names)];
}

function hasEarlier({ claim }: BoundClaim, state: ClusterState): boolean {
  const { namespace = "", name, uid, creationTimestamp } = claim.metadata;
  const wanted = {
    namespace,
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { createdAt: creationTimestamp }),
  };
  return chooseBackup(wanted, state, "earlier", state.now).chosen !== undefined;
}

function nameClaim({ claim: { metadata } }: BoundClaim): string {
  return describeClaim({ namespace: metadata.namespace ?? "", name: metadata.name });
}
