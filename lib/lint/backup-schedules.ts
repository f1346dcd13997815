import { type Cron, parseCron, parseGoDuration } from "../velero/cron.ts";
import {
  type Fields,
  getFields,
  getText,
  listOfKind,
  type Manifest,
} from "../manifests/manifest.ts";

/** A Schedule of Velero's, read from its file. */
export interface BackupSchedule {
  manifest: Manifest;
  name: string;
  cron: Cron | { fault: string };
  /** Undefined when Velero cannot read it. */
  keptHours: number | undefined;
  template: Fields;
}

export const scheduleKind = "velero.io/Schedule";

/** What `velero server --default-backup-ttl` is unless it is set. */
const usualHours = 720;

/** The Schedules among the objects. */
export function listSchedules(manifests: readonly Manifest[]): BackupSchedule[] {
  return listOfKind(manifests, scheduleKind).map((manifest) => {
    const template = getFields(manifest.value, "spec", "template");
    const ttl = getText(template, "ttl");
    const hours = ttl === undefined ? usualHours : parseGoDuration(ttl);
    return {
      manifest,
      name: manifest.name,
      cron: parseCron(getText(manifest.value, "spec", "schedule") ?? ""),
      keptHours: hours === 0 ? usualHours : hours,
      template,
    };
  });
}
