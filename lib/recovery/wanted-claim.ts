import type { PersistentVolumeClaim } from "../objects.ts";
import type { WantedClaim } from "../velero/choose-backup.ts";

/** A claim as its backups are looked for. */
export function describeWanted({ metadata }: PersistentVolumeClaim): WantedClaim {
  const { namespace = "", name, uid, creationTimestamp } = metadata;
  return {
    namespace,
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { createdAt: creationTimestamp }),
  };
}
