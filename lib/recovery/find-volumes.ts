import type {
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
} from "../objects.ts";
import { hostnameLabel, policyBeforeAnnotation, runLabel } from "./labels.ts";
import type { ClaimName } from "./names.ts";
import { matches } from "./place-pod.ts";
import type { VolumeToPreserve } from "./plan.ts";
import type { ClusterState } from "./state.ts";

/** The value by which volumes are bound to a node. */
export function readHostname(node: Node): string {
  return node.metadata.labels?.[hostnameLabel] ?? node.metadata.name;
}

/** Whether a volume can be used on this one node only. */
export function isBoundToNode(volume: PersistentVolume, hostname: string): boolean {
  return allowsOnly(volume.spec.nodeAffinity?.required, hostname);
}

/** Whether a node selector matches this one host only. */
export function allowsOnly(selector: NodeSelector | undefined, hostname: string): boolean {
  const terms = selector?.nodeSelectorTerms ?? [];
  return (
    terms.length > 0 &&
    terms.every((term) => (term.matchExpressions ?? []).some(namesHost(hostname)))
  );
}

/** Judges the wishes of a node selector: whether one names just this host. */
export function namesHost(hostname: string): (requirement: NodeSelectorRequirement) => boolean {
  return ({ key, operator, values }) =>
    key === hostnameLabel && operator === "In" && values?.length === 1 && values[0] === hostname;
}

/** Volumes of the node whose data would be wiped when their claim goes, bound or released. */
export function findVolumesToPreserve(state: ClusterState, hostname: string): VolumeToPreserve[] {
  return state.volumes.flatMap((volume) => {
    const policy = volume.spec.persistentVolumeReclaimPolicy ?? "Delete";
    if (policy === "Retain" || !isBoundToNode(volume, hostname)) return [];
    const { name, uid = "" } = volume.metadata;
    return [{ name, uid, policy, isBound: volume.status?.phase === "Bound" }];
  });
}

/** Whether a volume is one that a run has made and filled; a run marks the old ones, too. */
export function wasRestored({ metadata }: PersistentVolume): boolean {
  return (
    metadata.labels?.[runLabel] !== undefined &&
    metadata.annotations?.[policyBeforeAnnotation] === undefined
  );
}

export interface BoundClaim {
  claim: PersistentVolumeClaim;
  volume: PersistentVolume;
  /** Every pod that names the claim, in any phase. */
  pods: Pod[];
}

/** What has to be known of a cluster to say whose data lies where. */
export type VolumeUsers = Pick<ClusterState, "volumes" | "claims" | "pods">;

/** The claims whose data lies on the node, with the pods that use them. */
export function findBoundClaims(state: VolumeUsers, hostname: string): BoundClaim[] {
  const volumes = new Map(state.volumes.map((volume) => [volume.metadata.name, volume]));
  const users = indexUsers(state.pods);
  return state.claims.flatMap((claim) => {
    const volume = volumes.get(claim.spec.volumeName ?? "");
    if (volume === undefined || !isBoundToNode(volume, hostname)) return [];
    return [{ claim, volume, pods: users.get(keyOf(claim)) ?? [] }];
  });
}

/** Claims used by pods of the source that are not bound to it, and whether they come along. */
export function findOtherClaims(
  state: VolumeUsers,
  source: Node,
  target: Node,
): { free: ClaimName[]; stuck: { claim: ClaimName; volume: PersistentVolume }[] } {
  const volumes = new Map(state.volumes.map((volume) => [volume.metadata.name, volume]));
  const users = indexUsers(state.pods.filter((pod) => pod.spec.nodeName === source.metadata.name));
  const free: ClaimName[] = [];
  const stuck: { claim: ClaimName; volume: PersistentVolume }[] = [];
  for (const claim of state.claims) {
    const volume = volumes.get(claim.spec.volumeName ?? "");
    if (volume === undefined || !users.has(keyOf(claim))) continue;
    if (isBoundToNode(volume, readHostname(source))) continue;
    const name = { namespace: claim.metadata.namespace ?? "", name: claim.metadata.name };
    const terms = volume.spec.nodeAffinity?.required?.nodeSelectorTerms;
    const fits = terms === undefined || terms.some((term) => matches(term, target));
    // A hostPath is another, empty folder on any other node, whatever its affinity says.
    if (fits && volume.spec.hostPath === undefined) free.push(name);
    else stuck.push({ claim: name, volume });
  }
  return { free, stuck };
}

/** The names of the claims that a pod mounts. */
export function listClaimNames(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim === undefined ? [] : [persistentVolumeClaim.claimName],
  );
}

/**
 * Puts claims that share a pod into one group, since that pod can start only when all of them are
 * on the target.
 */
export function groupByPods(claims: BoundClaim[]): BoundClaim[][] {
  const groups: BoundClaim[][] = [];
  for (const claim of claims) {
    const pods = new Set(claim.pods);
    const [touching, others] = partition(groups, (group) =>
      group.some((member) => member.pods.some((pod) => pods.has(pod))),
    );
    groups.splice(0, groups.length, ...others, [...touching.flat(), claim]);
  }
  return groups;
}

function partition<T>(items: T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

function indexUsers(pods: Pod[]): Map<string, Pod[]> {
  const users = new Map<string, Pod[]>();
  for (const pod of pods) {
    for (const name of listClaimNames(pod)) {
      const key = `${pod.metadata.namespace}/${name}`;
      users.set(key, [...(users.get(key) ?? []), pod]);
    }
  }
  return users;
}

function keyOf(claim: PersistentVolumeClaim): string {
  return `${claim.metadata.namespace}/${claim.metadata.name}`;
}
