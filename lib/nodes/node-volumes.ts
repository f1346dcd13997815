import type { ErrorDetails } from "../errors.ts";
import type { PersistentVolume } from "../objects.ts";
import {
  findBoundClaims,
  isBoundToNode,
  listClaimNames,
  type VolumeUsers,
} from "../recovery/find-volumes.ts";
import { describeClaim } from "../recovery/names.ts";

export interface NodeClaim {
  /** `demo/data`. */
  claim: string;
  volume: string;
  /** As Kubernetes writes it: `1Gi`. */
  size: string;
  /** Names of the pods that use it. */
  pods: string[];
  /** Velero backs up no such volume, so there is nothing to move it from. */
  isHostPath: boolean;
}

/** A volume that no claim uses; its data lies on the host all the same. */
export interface OrphanedVolume {
  volume: string;
  size: string;
  policy: string;
  /** The claim that it was made for. */
  claim: string | undefined;
}

/** What lies on one node: claims whose data cannot be had anywhere else, and volumes without one. */
export function findNodeVolumes(
  state: VolumeUsers,
  node: { name: string; hostname: string },
): { claims: NodeClaim[]; orphans: OrphanedVolume[] } {
  const bound = [...findBoundClaims(state, node.hostname), ...findFolders(state, node)];
  const used = new Set(bound.map(({ volume }) => volume.metadata.name));
  const orphans = state.volumes.filter(
    (volume) => isBoundToNode(volume, node.hostname) && !used.has(volume.metadata.name),
  );
  return {
    claims: bound.map(({ claim, volume, pods }) => ({
      claim: describeClaim({ namespace: "", ...claim.metadata }),
      volume: volume.metadata.name,
      size: readSize(volume),
      pods: pods.map(({ metadata }) => metadata.name),
      isHostPath: volume.spec.hostPath !== undefined,
    })),
    orphans: orphans.map((volume) => {
      const { claimRef, persistentVolumeReclaimPolicy: policy = "Delete" } = volume.spec;
      const claim = claimRef === undefined ? undefined : describeClaim(claimRef);
      return { volume: volume.metadata.name, size: readSize(volume), policy, claim };
    }),
  };
}

/**
 * Claims on a hostPath that names no node: what a pod of this node has written is here, and on any
 * other node it would find another, empty folder.
 */
function findFolders(
  { claims, volumes, pods }: VolumeUsers,
  { name, hostname }: { name: string; hostname: string },
): ReturnType<typeof findBoundClaims> {
  const here = pods.filter(({ spec }) => spec.nodeName === name);
  return claims.flatMap((claim) => {
    const volume = volumes.find(({ metadata }) => metadata.name === claim.spec.volumeName);
    if (volume?.spec.hostPath === undefined || isBoundToNode(volume, hostname)) return [];
    const users = here.filter(
      (pod) =>
        pod.metadata.namespace === claim.metadata.namespace &&
        listClaimNames(pod).includes(claim.metadata.name),
    );
    return users.length === 0 ? [] : [{ claim, volume, pods: users }];
  });
}

/** Why a node with such claims must stay; undefined without any. */
export function describeClaims(
  node: string,
  claims: readonly NodeClaim[],
): ErrorDetails | undefined {
  if (claims.length === 0) return undefined;
  const lines = claims.map(({ claim, volume, size, pods, isHostPath }) => {
    const users = pods.length === 0 ? "no pod uses it" : `used by ${pods.join(", ")}`;
    const note = isHostPath ? "; a hostPath is in no backup, copy it by hand" : "";
    return `${claim}: ${size} in ${volume}, ${users}${note}`;
  });
  return {
    code: "NODE_HAS_VOLUMES",
    message: `${claims.length === 1 ? "one claim has its" : `${claims.length} claims have their`} data on ${node} alone`,
    why: lines.join("\n"),
    fix: [
      "Move them to another host from their newest backups; that wants this one off, at its provider, and --host-gone here afterwards:",
      `zx scripts/dr/failover.ts --source-node ${node} --target-node OTHER`,
      "Or delete the claims whose data nobody needs: kubectl delete pvc NAME --namespace NAMESPACE",
    ].join("\n"),
  };
}

/** One sentence of a volume that stays behind. */
export function describeOrphan({ volume, size, policy, claim }: OrphanedVolume): string {
  const of = claim === undefined ? "" : ` of ${claim}`;
  return `${volume}${of} (${size}, ${policy}) has its data on the host, and no claim uses it; once nobody needs it: kubectl delete pv ${volume}`;
}

function readSize(volume: PersistentVolume): string {
  return volume.spec.capacity.storage;
}
