import { InfraError } from "../errors.ts";
import type { Node, PersistentVolumeClaim } from "../objects.ts";
import { chooseBackup, isEarlier } from "../velero/choose-backup.ts";
import {
  type BoundClaim,
  findBoundClaims,
  groupByPods,
  readHostname,
  wasRestored,
} from "./find-volumes.ts";
import { describeClaim } from "./names.ts";
import { findTemplate } from "./plan-units.ts";
import type { ClusterState } from "./state.ts";
import { describeWanted } from "./wanted-claim.ts";

/** Claims that some pods use together, with the node that their data lies on. */
export interface ClaimGroup {
  claims: BoundClaim[];
  node: Node;
}

/** What is to be restored, and what is not, a sentence each. */
export interface Selection {
  groups: ClaimGroup[];
  /** What is well as it is. */
  leftAlone: string[];
  /** What a person has to decide. */
  notRestored: string[];
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
    if (found.length > 0) return { groups: found, leftAlone: [], notRestored: [] };
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
 * under their name. What a run has restored already is left alone, and where the volume of this
 * cluster was backed up as well, a person has to say which is the right one.
 */
export function selectEarlier(state: ClusterState): Selection {
  const selection: Selection = { groups: [], leftAlone: [], notRestored: [] };
  const cluster = { createdAt: state.clusterCreatedAt ?? "" };
  const findCopies = (claim: PersistentVolumeClaim, wanted: string) =>
    chooseBackup({ ...describeWanted(claim), ...cluster }, state, wanted, state.now).chosen;
  const hasOwn = ({ claim }: BoundClaim) => {
    const startedAt = findCopies(claim, "latest")?.startedAt;
    return (
      startedAt !== undefined && !isEarlier(startedAt, { ...describeWanted(claim), ...cluster })
    );
  };
  for (const group of listGroups(state)) {
    const names = group.claims.map(({ claim }) => nameClaim(claim)).join(", ");
    const fix = `zx scripts/dr/restore-workload.ts --app ${readNamespace(group)}/${listWorkloads(group, state)[0]} --backup earlier`;
    if (group.claims.some(({ volume }) => wasRestored(volume))) {
      selection.leftAlone.push(`${names}: restored already`);
    } else if (!group.claims.some(({ claim }) => findCopies(claim, "earlier") !== undefined)) {
      selection.leftAlone.push(`${names}: no usable backup is older than this cluster`);
    } else if (group.claims.some(hasOwn)) {
      selection.notRestored.push(
        `${names}: backed up in this cluster, too; if what was before is meant: ${fix}`,
      );
    } else {
      selection.groups.push(group);
    }
  }
  for (const claim of state.claims) {
    if (claim.spec.volumeName || findCopies(claim, "earlier") === undefined) continue;
    selection.notRestored.push(
      `${nameClaim(claim)}: it has no volume yet, since no pod of it has started`,
    );
  }
  return selection;
}

function listGroups(state: ClusterState): ClaimGroup[] {
  return state.nodes.flatMap((node) =>
    groupByPods(findBoundClaims(state, readHostname(node))).map((claims) => ({ claims, node })),
  );
}

function readNamespace({ claims: [first] }: ClaimGroup): string {
  return first?.claim.metadata.namespace ?? "";
}

/** The StatefulSets of whose replicas, scaled away by now, a claim is. */
function listMakers({ metadata }: PersistentVolumeClaim, { owners }: ClusterState): string[] {
  const sets = [...owners.values()].filter(
    (owner) => owner.kind === "StatefulSet" && owner.metadata.namespace === metadata.namespace,
  );
  return sets
    .filter((set) => findTemplate(set, metadata.name) !== undefined)
    .map((set) => set.metadata.name);
}

/** The names that a group goes by: its StatefulSet or Deployment, or claims that nobody uses. */
function listWorkloads({ claims }: ClaimGroup, state: ClusterState): string[] {
  const names = claims.flatMap(({ claim, pods }) => {
    if (pods.length === 0) return [claim.metadata.name, ...listMakers(claim, state)];
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

function nameClaim({ metadata }: PersistentVolumeClaim): string {
  return describeClaim({ namespace: metadata.namespace ?? "", name: metadata.name });
}
