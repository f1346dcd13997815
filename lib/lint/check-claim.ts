import type { Claim, ClaimUser } from "../manifests/claims.ts";
import { getAt, getList, getText } from "../manifests/manifest.ts";
import { tierLabel, type TierName, tiers } from "../velero/tiers.ts";
import {
  type BackupPlan,
  excludeLabel,
  excludesAnnotation,
  explainUncopied,
  explainUnreached,
  includesAnnotation,
  isExcluded,
} from "./backup-reach.ts";
import type { BackupSchedule } from "./backup-schedules.ts";
import type { ManifestFault } from "./rule.ts";

/** What is known of all claims together. */
export interface Coverage {
  plan: BackupPlan;
  /** Claims that the values of a chart name: their pods are not in Git. */
  ofCharts: ReadonlySet<string>;
}

type FaultPlace = Pick<ManifestFault, "manifest" | "at" | "part">;

/** Where the part of a workload's pod stands that is no spec. */
export function atPod({ pod }: ClaimUser, ...path: string[]): string[] {
  return [...pod.at.slice(0, -1), "metadata", ...path];
}

/** The tier that a claim's pods ask for, or the claim itself. */
export function findClaimTier(claim: Claim, users: readonly ClaimUser[]): TierName {
  const all = [claim.labels, ...users.map(({ pod }) => pod.labels)];
  return all.some((labels) => labels[tierLabel] === "critical") ? "critical" : "standard";
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
  const atName: FaultPlace = {
    manifest: claim.manifest,
    at: [...claim.at, "metadata", "name"],
    part: "value",
  };
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
  return checkSchedules(claim, mounted, atName, plan);
}

function checkSchedules(
  claim: Claim,
  users: readonly ClaimUser[],
  atName: FaultPlace,
  plan: BackupPlan,
): ManifestFault | undefined {
  const name = findClaimTier(claim, users);
  const isRight = plan.schedules.some(
    (schedule) =>
      isOfTier(schedule, name) && users.some((user) => copies(schedule, user, claim, plan)),
  );
  if (isRight) return undefined;
  const pairs = plan.schedules.flatMap((schedule) => users.map((user) => ({ schedule, user })));
  const reached = pairs.filter(
    ({ schedule, user }) => explainUnreached(schedule, user, plan) === undefined,
  );
  if (reached.length === 0) {
    const reasons = pairs.map(
      ({ schedule, user }) => `${schedule.name}: ${explainUnreached(schedule, user, plan)}`,
    );
    return {
      code: "PVC_NOT_SCHEDULED",
      ...atName,
      message: `no Schedule reaches the pods that mount claim "${claim.name}"`,
      why:
        reasons.length === 0
          ? "There is no Schedule at all."
          : `${[...new Set(reasons)].join("; ")}.`,
      fix: "Let a Schedule in config/velero/schedules take them, or move the app to a namespace that is backed up",
    };
  }
  const copied = reached.filter(
    ({ schedule, user }) => explainUncopied(schedule, user, claim, plan) === undefined,
  );
  const [first] = reached;
  if (copied.length === 0 && first !== undefined) {
    return explainCopy(
      explainUncopied(first.schedule, first.user, claim, plan),
      first,
      claim,
      atName,
    );
  }
  const schedules = [...new Set(copied.map(({ schedule }) => schedule))];
  const { everyMinutes, keptHours, schedule } = tiers[name];
  return {
    code: "PVC_TIER",
    ...atName,
    message: `claim "${claim.name}" is ${name}, and is not backed up so`,
    why: `A ${name} claim is copied every ${everyMinutes} minutes, and each copy kept for ${keptHours} hours. This one is copied by ${schedules.map((one) => one.name).join(" and ")}.`,
    fix: `Let the Schedule ${schedule} take it`,
  };
}

function explainCopy(
  reason: ReturnType<typeof explainUncopied>,
  { schedule, user }: { schedule: BackupSchedule; user: ClaimUser },
  claim: Claim,
  atName: FaultPlace,
): ManifestFault {
  const message = `the volume "${user.volume}" of ${user.workload.kind} ${user.workload.name}, claim "${claim.name}", is not copied`;
  switch (reason) {
    case "excluded":
      return {
        code: "PVC_EXCLUDED",
        manifest: user.workload,
        at: atPod(user, "annotations", excludesAnnotation),
        part: "value",
        message,
        why: "After a failover its data would be gone. A volume that can be made again says so: infra-k3s.io/recovery: rebuild, with infra-k3s.io/rebuild-from and infra-k3s.io/rebuild.",
        fix: "Take it out of the annotation, or say on the claim how it is made again",
      };
    case "policy":
      return {
        code: "PVC_EXCLUDED",
        ...atName,
        message,
        why: `The volume policy ${getText(schedule.template, "resourcePolicy", "name")} of the Schedule ${schedule.name} leaves it out.`,
        fix: "Correct the conditions of the policy",
      };
    default:
      return {
        code: "PVC_EXCLUDED",
        ...atName,
        message,
        why: `The Schedule ${schedule.name} copies only volumes that a pod names in ${includesAnnotation}.`,
        fix: "Set defaultVolumesToFsBackup: true in the Schedule, or add the annotation to the pod",
      };
  }
}

function copies(
  schedule: BackupSchedule,
  user: ClaimUser,
  claim: Claim,
  plan: BackupPlan,
): boolean {
  return (
    explainUnreached(schedule, user, plan) === undefined &&
    explainUncopied(schedule, user, claim, plan) === undefined
  );
}

/** A Schedule with the name of a tier is held to it by the rule velero-schedule. */
function isOfTier({ name, cron, keptHours = 0 }: BackupSchedule, tierName: TierName): boolean {
  const tier = tiers[tierName];
  if (name === tier.schedule) return true;
  return (
    "gapMinutes" in cron && cron.gapMinutes <= tier.everyMinutes && keptHours >= tier.keptHours
  );
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
