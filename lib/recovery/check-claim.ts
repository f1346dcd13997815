import type { ErrorDetails } from "../errors.ts";
import type { Pod } from "../objects.ts";
import type { BoundClaim } from "./find-volumes.ts";
import { describeClaim } from "./names.ts";
import type { ClusterState } from "./state.ts";

/** What forbids to move a claim, whatever its backups say. */
export function findUnfitness(
  { claim, volume, pods }: BoundClaim,
  state: ClusterState,
): ErrorDetails | undefined {
  const { namespace = "", name } = claim.metadata;
  const where = describeClaim({ namespace, name });
  if (volume.spec.hostPath !== undefined) {
    return {
      code: "RECOVERY_VOLUME_HOSTPATH",
      message: `claim "${where}" is on a hostPath volume`,
      why: "Velero skips such volumes with a line in its log and calls the backup Completed",
      fix: "Make local-path's StorageClass use defaultVolumeType: local, and move the data to a new claim",
    };
  }
  if (claim.spec.volumeMode === "Block") {
    return {
      code: "RECOVERY_VOLUME_BLOCK",
      message: `claim "${where}" is a block volume`,
      why: "Velero's file backup does not carry block volumes",
      fix: "Use the app's own replication or dump for it",
    };
  }
  const foreign = (claim.metadata.finalizers ?? []).filter(
    (one) => one !== "kubernetes.io/pvc-protection",
  );
  if (foreign.length > 0) {
    return {
      code: "RECOVERY_CLAIM_FINALIZER",
      message: `claim "${where}" would not go away when it is deleted`,
      why: `it has the finalizer ${foreign.join(", ")}`,
      fix: "End what set the finalizer (a running snapshot, for example), then run again",
    };
  }
  const held = pods.map(findPodFinalizer).find((fault) => fault !== undefined);
  if (held !== undefined) return held;
  const rival = state.volumes.find(
    ({ spec, metadata }) =>
      spec.claimRef?.namespace === namespace &&
      spec.claimRef.name === name &&
      spec.claimRef.uid === undefined &&
      metadata.name !== volume.metadata.name,
  );
  if (rival !== undefined) {
    return {
      code: "RECOVERY_VOLUME_RIVAL",
      message: `volume "${rival.metadata.name}" is reserved for claim "${where}" already`,
      why: "it was left by an earlier run or by hand, and could take the claim from this run",
      fix: `Look what is in it, then: kubectl delete pv ${rival.metadata.name}`,
    };
  }
  return undefined;
}

/** Why a pod that holds a claim would not go away when it is deleted. */
export function findPodFinalizer({ metadata }: Pod): ErrorDetails | undefined {
  const { namespace, name, finalizers = [] } = metadata;
  if (finalizers.length === 0) return undefined;
  return {
    code: "RECOVERY_POD_FINALIZER",
    message: `pod "${namespace}/${name}" holds a claim and would not go away`,
    why: `it has the finalizer ${finalizers.join(", ")}`,
    fix: "Remove the finalizer if what set it is gone, then run again",
  };
}
