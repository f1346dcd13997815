import type { Rule } from "./rule.ts";
import { imageUnpinned } from "./rules/image-unpinned.ts";
import { veleroSchedule } from "./rules/velero-schedule.ts";
import { veleroStorageLocation } from "./rules/velero-storage-location.ts";

/** Every rule, in the order of its page. */
export const rules: readonly Rule[] = [imageUnpinned, veleroSchedule, veleroStorageLocation];
