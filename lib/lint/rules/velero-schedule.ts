import { getAt, getText } from "../../manifests/manifest.ts";
import { veleroNamespace } from "../../velero/names.ts";
import { findTier, type Tier, tierLabel, tiers } from "../../velero/tiers.ts";
import { type BackupSchedule, listSchedules, scheduleKind } from "../backup-schedules.ts";
import { checkReferences, checkSelection } from "../check-selection.ts";
import type { ObjectFault, RepositoryRule } from "../rule.ts";

export const veleroSchedule: RepositoryRule = {
  id: "velero-schedule",
  codes: [
    "VELERO_SCHEDULE_CRON",
    "VELERO_SCHEDULE_TTL",
    "VELERO_SCHEDULE_TIER",
    "VELERO_SCHEDULE_VOLUMES",
    "VELERO_SCHEDULE_FILTERS",
    "VELERO_SCHEDULE_SECRETS",
    "VELERO_SCHEDULE_NAMESPACES",
    "VELERO_SCHEDULE_LOCATION",
    "VELERO_SCHEDULE_POLICY",
    "VELERO_SCHEDULE_NAMESPACE",
  ],
  scope: "repository",
  summary: "Velero can run a Schedule, and it keeps what its tier promises",
  why: "Velero accepts a Schedule that it cannot run: it only writes `FailedValidation` into its status, and nobody looks there before the backup is needed. The tiers are: hourly-critical every hour for 168h, daily and daily-config every day for 720h; a Schedule of another name may run when it wants, and has to keep a backup until the next one is there. A label selector of a tier names that tier.",
  example: {
    bad: "spec:\n  schedule: 17 2 * *\n  template:\n    ttl: 30d",
    good: "spec:\n  schedule: 17 2 * * *\n  template:\n    ttl: 720h0m0s\n    excludedResources: [secrets]",
  },
  kinds: [scheduleKind, "velero.io/BackupStorageLocation", "ConfigMap"],
  find(repository) {
    return listSchedules(repository.manifests).flatMap((schedule) => {
      const tier = findTier(schedule.name);
      return [
        checkPlace(schedule),
        checkCron(schedule, tier),
        checkTtl(schedule, tier),
        checkLabels(schedule, tier),
        checkVolumes(schedule, tier),
        ...checkSelection(schedule),
        ...checkReferences(schedule, repository),
      ]
        .flatMap((fault) => fault ?? [])
        .map((fault) => ({ ...fault, manifest: schedule.manifest }));
    });
  },
};

function checkPlace({ manifest: { namespace } }: BackupSchedule): ObjectFault | undefined {
  if (namespace === undefined || namespace === veleroNamespace) return undefined;
  return {
    code: "VELERO_SCHEDULE_NAMESPACE",
    at: ["metadata", "namespace"],
    part: "value",
    message: `this Schedule is in the namespace ${namespace}`,
    why: `Velero reads only the Schedules of its own namespace, ${veleroNamespace}: this one never runs, and says nothing.`,
    fix: `Move it to the namespace ${veleroNamespace}; includedNamespaces says what it backs up`,
  };
}

function checkCron({ cron }: BackupSchedule, tier: Tier | undefined): ObjectFault | undefined {
  const at = ["spec", "schedule"];
  if ("fault" in cron) {
    return {
      code: "VELERO_SCHEDULE_CRON",
      at,
      part: "value",
      message: "Velero cannot run this schedule",
      why: `${cron.fault}. It is read by ParseStandard of github.com/robfig/cron v3.`,
      fix: "Write minute, hour, day of the month, month and day of the week, such as `17 2 * * *`",
    };
  }
  if (tier === undefined || cron.gapMinutes <= tier.everyMinutes) return undefined;
  return {
    code: "VELERO_SCHEDULE_TIER",
    at,
    part: "value",
    message: `${showMinutes(cron.gapMinutes)} pass between two backups, and this tier has one every ${showMinutes(tier.everyMinutes)}`,
    why: "What is written in that time is what a failover loses.",
    fix: `Run it at least every ${showMinutes(tier.everyMinutes)}, or give it a name of its own beside ${tier.schedule}`,
  };
}

function checkTtl(
  { cron, keptHours, template }: BackupSchedule,
  tier: Tier | undefined,
): ObjectFault | undefined {
  const at = ["spec", "template", "ttl"];
  if (keptHours === undefined) {
    return {
      code: "VELERO_SCHEDULE_TTL",
      at,
      part: "value",
      message: `the TTL ${JSON.stringify(getAt(template, "ttl"))} is no Go duration`,
      why: "Velero reads it with time.ParseDuration, whose longest unit is the hour; the object is then unreadable for Velero's controllers, all Schedules with it.",
      fix: "Write hours, such as 720h0m0s for 30 days",
    };
  }
  const gapMinutes = "fault" in cron ? 0 : cron.gapMinutes;
  if (keptHours * 60 <= gapMinutes || keptHours < 0) {
    return {
      code: "VELERO_SCHEDULE_TTL",
      at,
      part: template["ttl"] === undefined ? "key" : "value",
      message: `a backup is kept for ${showMinutes(keptHours * 60)}, and the next one comes after ${showMinutes(gapMinutes)}`,
      why: "In between there is no backup at all; and when one fails, none for much longer.",
      fix: "Keep it for several times as long as it takes until the next one",
    };
  }
  if (tier === undefined || keptHours >= tier.keptHours) return undefined;
  return {
    code: "VELERO_SCHEDULE_TIER",
    at,
    part: "value",
    message: `a backup is kept for ${keptHours} hours, and this tier keeps it for ${tier.keptHours}`,
    why: "A mistake that is noticed later than that cannot be undone any more.",
    fix: `Write ${tier.keptHours}h0m0s, or give it a name of its own beside ${tier.schedule}`,
  };
}

/** A Schedule that is copied from another one, its selector too, takes the apps of that one. */
function checkLabels(
  { template }: BackupSchedule,
  tier: Tier | undefined,
): ObjectFault | undefined {
  const at = ["labelSelector", "matchLabels", tierLabel];
  const selected = getText(template, ...at);
  if (tier === undefined || selected === undefined) return undefined;
  const [own] = Object.entries(tiers).find(([, { schedule }]) => schedule === tier.schedule) ?? [];
  if (selected === own) return undefined;
  return {
    code: "VELERO_SCHEDULE_TIER",
    at: ["spec", "template", ...at],
    part: "value",
    message: `the Schedule ${tier.schedule} takes only what has the label ${tierLabel}: ${selected}`,
    why: `It is made for ${own}: apps of that tier are not in its backups.`,
    fix: `Write ${own}`,
  };
}

function checkVolumes(
  { template }: BackupSchedule,
  tier: Tier | undefined,
): ObjectFault | undefined {
  if (tier === undefined || !tier.hasVolumes || template["defaultVolumesToFsBackup"] === true) {
    return undefined;
  }
  return {
    code: "VELERO_SCHEDULE_VOLUMES",
    at: ["spec", "template", "defaultVolumesToFsBackup"],
    part: template["defaultVolumesToFsBackup"] === undefined ? "key" : "value",
    message: "the volumes of its pods are not copied",
    why: "Without defaultVolumesToFsBackup Velero copies only volumes that a pod names in an annotation. The Backup is Completed all the same.",
    fix: "Set defaultVolumesToFsBackup: true",
  };
}

function showMinutes(minutes: number): string {
  if (minutes % 60 !== 0) return `${Math.round(minutes)} minutes`;
  return minutes === 60 ? "1 hour" : `${minutes / 60} hours`;
}
