import type { Claim, ClaimUser } from "../manifests/claims.ts";
import { getAt, getList, getText } from "../manifests/manifest.ts";
import { type BackupPlan, excludeLabel, excludesAnnotation, isExcluded } from "./backup-reach.ts";
import { checkSchedules } from "./check-schedules.ts";
import { atPod, placeAtName } from "./claim-places.ts";
import type { ManifestFault } from "./rule.ts";

/** What is known of all claims together. */
export interface Coverage {
  plan: BackupPlan;
  /** Claims that the values of a chart name: their pods are not in Git. */
  ofCharts: ReadonlySet<string>;
}

/**
 * Why the data of a claim would not be in the backups of its tier; undefined when it is. Velero
 * copies a volume only through a running pod that mounts it (pkg/podvolume/backupper.go).
 */
export function checkClaim(
  claim: Claim,
  users: readonly ClaimUser[],
  { plan, ofCharts }: Coverage,
): ManifestFault | undefined {
  const atName = placeAtName(claim);
  if (isExcluded(claim.labels)) {
    return {
      code: "PVC_EXCLUDED",
      manifest: claim.manifest,
      at: [...claim.at, "metadata", "labels", excludeLabel],
      message: `claim "${claim.name}" is left out of every backup`,
      why: "The claim is not in the archive, so that nothing can be restored from the bucket alone; its volume is copied all the same, through the pod.",
      fix: `Remove the label, and name the volume in ${excludesAnnotation} of the pod if it can be made again`,
    };
  }
  if (users.length === 0) {
    if (claim.names.some((name) => ofCharts.has(name))) return undefined;
    return {
      code: "PVC_NOT_MOUNTED",
      ...atName,
      message: `no pod mounts claim "${claim.name}"`,
      why: "Velero copies a volume through a pod that mounts it. The Backup is Completed without it, and says nothing.",
      fix: "Mount it, correct its name or namespace where it is meant to be mounted, or remove it",
    };
  }
  const staying = users.filter(stays);
  if (staying.length === 0) {
    const [{ workload } = { workload: claim.manifest }] = users;
    return {
      code: "PVC_POD_NOT_RUNNING",
      ...atName,
      message: `no pod that stays mounts claim "${claim.name}"`,
      why: `${workload.kind} ${workload.name} has a running pod by chance only when a backup is made, and Velero skips a pod that is not Running.`,
      fix: "Let a Deployment or StatefulSet with at least one replica mount it as well, if only to be copied",
    };
  }
  const open = staying.filter(({ pod }) => !isExcluded(pod.labels));
  const [hidden] = staying;
  if (open.length === 0 && hidden !== undefined) {
    return {
      code: "PVC_EXCLUDED",
      manifest: hidden.workload,
      at: atPod(hidden, "labels", excludeLabel),
      message: `the pods that mount claim "${claim.name}" are left out of every backup`,
      why: "Velero copies a volume only through a pod that is in the backup.",
      fix: "Remove the label",
    };
  }
  const mounted = open.filter(isMounted);
  if (mounted.length === 0) {
    return {
      code: "PVC_NOT_IN_CONTAINER",
      ...atName,
      message: `no container mounts claim "${claim.name}"`,
      why: "Velero looks at spec.containers only: a volume that just an init container mounts, or none, is skipped with a line in its log.",
      fix: "Mount it, read-only if you like, in a container that stays",
    };
  }
  return checkSchedules(claim, mounted, plan);
}

/** Whether a workload has a running pod at any time. */
function stays({ workload }: ClaimUser): boolean {
  if (workload.kind === "Job" || workload.kind === "CronJob") return false;
  return getAt(workload.value, "spec", "replicas") !== 0;
}

function isMounted({ pod, volume }: ClaimUser): boolean {
  return getList(pod.spec, "containers").some((container) =>
    getList(container, "volumeMounts").some((mount) => getText(mount, "name") === volume),
  );
}
