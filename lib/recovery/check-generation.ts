import type { ErrorDetails } from "../errors.ts";
import { chooseBackup, isEarlier } from "../velero/choose-backup.ts";
import type { BoundClaim } from "./find-volumes.ts";
import { runLabel } from "./labels.ts";
import { describeClaim } from "./names.ts";
import type { PlannedVolume } from "./plan.ts";
import type { ClusterState } from "./state.ts";

/**
 * The trap of a rebuilt cluster: its apps begin empty and are backed up like that, and then the newest
 * backup is not the one that anybody wants. Nobody but a person can tell.
 */
export function findAmbiguity(
  { claim, volume }: BoundClaim,
  planned: readonly PlannedVolume[],
  state: ClusterState,
): ErrorDetails[] {
  const { namespace = "", name, uid, creationTimestamp } = claim.metadata;
  const chosen = planned.find((one) => one.claim.name === name)?.source;
  if (chosen?.kind !== "files" || creationTimestamp === undefined) return [];
  const wanted = { namespace, name, createdAt: creationTimestamp, ...(uid && { uid }) };
  // What a run has restored holds what was before it.
  if (volume.metadata.labels?.[runLabel] !== undefined) return [];
  if (isEarlier(chosen.backup.startedAt, wanted)) return [];
  const earlier = chooseBackup(wanted, state, "earlier", state.now).chosen;
  if (earlier === undefined) return [];
  const { backup } = chosen;
  return [
    {
      code: "RECOVERY_BACKUP_AMBIGUOUS",
      message: `which backup of claim "${describeClaim({ namespace, name })}" is the latest?`,
      why: `its volume began empty at ${creationTimestamp}; "${backup.backup}" of ${backup.startedAt} holds what was written since (${backup.bytes} bytes), "${earlier.backup}" of ${earlier.startedAt} what was there before (${earlier.bytes} bytes)`,
      fix: `Say which one: --backup ${backup.backup}, or --backup earlier`,
    },
  ];
}
