import type { RepositoryRule } from "../rule.ts";
import { pvcType } from "../rules/pvc-type.ts";
import { pvcWithoutBackup } from "../rules/pvc-without-backup.ts";

/** About the volumes of apps. */
export const claimRules: RepositoryRule[] = [pvcType, pvcWithoutBackup];
