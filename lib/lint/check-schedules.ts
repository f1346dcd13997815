import type { Claim, ClaimUser } from "../manifests/claims.ts";
import { getText } from "../manifests/manifest.ts";
import { tierLabel, type TierName, tiers } from "../velero/tiers.ts";
import {
  type BackupPlan,
  excludesAnnotation,
  explainUncopied,
  explainUnreached,
  includesAnnotation,
} from "./backup-reach.ts";
import type { BackupSchedule } from "./backup-schedules.ts";
import { atPod, placeAtName } from "./claim-places.ts";
import type { ManifestFault } from "./rule.ts";

/** Why no Schedule of a claim's tier copies it through one of the pods that mount it; undefined when one does. */
export function checkSchedules(
  claim: Claim,
  users: readonly ClaimUser[],
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
      ...placeAtName(claim),
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
    return explainCopy(explainUncopied(first.schedule, first.user, claim, plan), first, claim);
  }
  const schedules = [...new Set(copied.map(({ schedule }) => schedule))];
  const { everyMinutes, keptHours, schedule } = tiers[name];
  return {
    code: "PVC_TIER",
    ...placeAtName(claim),
    message: `claim "${claim.name}" is ${name}, and is not backed up so`,
    why: `A ${name} claim is copied every ${everyMinutes} minutes, and each copy kept for ${keptHours} hours. This one is copied by ${schedules.map((one) => one.name).join(" and ")}.`,
    fix: `Let the Schedule ${schedule} take it`,
  };
}

function explainCopy(
  reason: ReturnType<typeof explainUncopied>,
  { schedule, user }: { schedule: BackupSchedule; user: ClaimUser },
  claim: Claim,
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
        ...placeAtName(claim),
        message,
        why: `The volume policy ${getText(schedule.template, "resourcePolicy", "name")} of the Schedule ${schedule.name} leaves it out.`,
        fix: "Correct the conditions of the policy",
      };
    default:
      return {
        code: "PVC_EXCLUDED",
        ...placeAtName(claim),
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

/** The tier that a claim's pods ask for, or the claim itself. */
function findClaimTier(claim: Claim, users: readonly ClaimUser[]): TierName {
  const all = [claim.labels, ...users.map(({ pod }) => pod.labels)];
  return all.some((labels) => labels[tierLabel] === "critical") ? "critical" : "standard";
}
