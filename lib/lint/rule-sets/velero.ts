import type { RepositoryRule } from "../rule.ts";
import { veleroSchedule } from "../rules/velero-schedule.ts";
import { veleroStorageLocation } from "../rules/velero-storage-location.ts";

/** About Velero's own objects. */
export const veleroRules: RepositoryRule[] = [veleroSchedule, veleroStorageLocation];
