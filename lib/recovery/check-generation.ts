import type { ErrorDetails } from "../errors.ts";
import { chooseBackup, type ChosenBackup, isEarlier } from "../velero/choose-backup.ts";
import { claimUidLabel } from "../velero/names.ts";
import { type BoundClaim, wasRestored } from "./find-volumes.ts";
import { describeClaim } from "./names.ts";
import type { PlannedVolume } from "./plan.ts";
import type { ClusterState } from "./state.ts";
import { describeWanted } from "./wanted-claim.ts";

/**
 * The trap of a rebuilt cluster: its apps begin empty and are backed up like that, and then the newest
 * backup is not the one that anybody wants. Nobody but a person can tell; one who has named a backup has.
 */
export function findAmbiguity(
  { claim, volume }: BoundClaim,
  planned: readonly PlannedVolume[],
  state: ClusterState,
): ErrorDetails[] {
  const { namespace = "", name, creationTimestamp } = claim.metadata;
  const chosen = planned.find((one) => one.claim.name === name)?.source;
  if (chosen?.kind !== "files" || creationTimestamp === undefined) return [];
  const { backup } = chosen;
  const wanted = describeWanted(claim);
  const rival = isEarlier(backup.startedAt, wanted)
    ? findLargerBefore(backup, wanted, state)
    : // What a run has restored holds what was before it.
      wasRestored(volume)
      ? undefined
      : chooseBackup(wanted, state, "earlier", state.now).chosen;
  if (rival === undefined) return [];
  return [
    {
      code: "RECOVERY_BACKUP_AMBIGUOUS",
      message: `which backup of claim "${describeClaim({ namespace, name })}" is the one?`,
      why: `"${backup.backup}" of ${backup.startedAt} has ${backup.bytes} bytes; "${rival.backup}" of ${rival.startedAt} is of a volume before that one, and has ${rival.bytes}`,
      fix: `Name the one you mean: --backup ${rival.backup}, or --backup ${backup.backup}`,
    },
  ];
}

/** A volume that had less than half of what the one before it had may have begun empty itself. */
function findLargerBefore(
  backup: ChosenBackup,
  wanted: ReturnType<typeof describeWanted>,
  state: ClusterState,
): ChosenBackup | undefined {
  const { claimUid } = backup;
  if (claimUid === undefined) return undefined;
  const others = state.podVolumeBackups.filter(
    (copy) =>
      copy.metadata.labels?.[claimUidLabel] !== claimUid &&
      Date.parse(copy.status?.startTimestamp ?? "") < Date.parse(backup.startedAt),
  );
  const shelf = { ...state, podVolumeBackups: others };
  const before = chooseBackup(wanted, shelf, "earlier", state.now).chosen;
  return before !== undefined && before.bytes > 2 * backup.bytes ? before : undefined;
}
