import type { Backup, BackupStorageLocation, PodVolumeBackup } from "../objects.ts";
import { backupNameLabel, claimNameAnnotation, claimUidLabel } from "./names.ts";

/** What the choice is made from: everything of Velero's that the cluster holds. */
export interface BackupShelf {
  podVolumeBackups: PodVolumeBackup[];
  backups: Map<string, Backup>;
  locations: Map<string, BackupStorageLocation>;
}

/** The claim whose copy is wanted; without a UID every copy of that name counts. */
export interface WantedClaim {
  namespace: string;
  name: string;
  uid?: string;
  /** RFC 3339. */
  createdAt?: string;
}

export interface ChosenBackup {
  podVolumeBackup: string;
  backup: string;
  location: string;
  snapshotId: string;
  /** RFC 3339; the copy of the volume began at this time. */
  startedAt: string;
  /** RFC 3339; the whole backup began, and with it every hook, not before this time. */
  backupStartedAt: string;
  expiresAt?: string;
  /** Velero's count, good enough for a plan; the restore is checked against kopia's own. */
  bytes: number;
  /** UID of the claim that it is a copy of, where Velero has written it down. */
  claimUid?: string;
}

export interface PassedOver {
  podVolumeBackup: string;
  backup: string;
  startedAt: string;
  reason: string;
}

export interface BackupChoice {
  chosen?: ChosenBackup;
  /** Every newer one that cannot be used, the newest first, with the reason. */
  passedOver: PassedOver[];
}

/** Phases of a Backup that will not change any more (Velero: pkg/apis/velero/v1/backup_types.go). */
const terminalPhases = ["Completed", "PartiallyFailed", "Failed"];

/**
 * The newest usable copy of a claim's volume. The choice goes by PodVolumeBackup and not by
 * Backup: after a node has died, scheduled backups go on and complete without its volumes.
 * `wanted` is the name of a Backup, "latest", or "earlier" for the newest copy from before the claim
 * was made: of a volume that had its name before. `now` is in milliseconds.
 */
export function chooseBackup(
  claim: WantedClaim,
  shelf: BackupShelf,
  wanted: string,
  now: number,
): BackupChoice {
  const candidates = shelf.podVolumeBackups
    .filter((copy) => holdsClaim(copy, claim))
    .filter((copy) => isWanted(copy, claim, wanted))
    .map((copy) => ({ copy, startedAt: copy.status?.startTimestamp ?? "" }))
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt));
  const passedOver: PassedOver[] = [];
  for (const { copy, startedAt } of candidates) {
    const backup = nameOfBackup(copy);
    const reason = findFault(copy, backup, claim, shelf, now);
    if (reason === undefined) return { chosen: describe(copy, backup, shelf), passedOver };
    passedOver.push({ podVolumeBackup: copy.metadata.name, backup, startedAt, reason });
  }
  return { passedOver };
}

function holdsClaim(copy: PodVolumeBackup, claim: { namespace: string; name: string }): boolean {
  return (
    copy.spec.pod.namespace === claim.namespace &&
    copy.metadata.annotations?.[claimNameAnnotation] === claim.name
  );
}

function isWanted(copy: PodVolumeBackup, claim: WantedClaim, wanted: string): boolean {
  if (wanted === "latest") return true;
  if (wanted === "earlier") return isEarlier(copy.status?.startTimestamp, claim);
  return nameOfBackup(copy) === wanted;
}

/** Whether a copy that began at a time is of a volume from before the claim was made. */
export function isEarlier(startedAt: string | undefined, { createdAt }: WantedClaim): boolean {
  return Date.parse(startedAt ?? "") < Date.parse(createdAt ?? "");
}

/**
 * A bucket that two clusters share brings the other one's copies here under the same names. Copies
 * of an earlier generation of the claim have another UID too, but they are older than the claim.
 */
function isOfAnother(copy: PodVolumeBackup, claim: WantedClaim): boolean {
  const uid = copy.metadata.labels?.[claimUidLabel];
  if (uid === undefined || claim.uid === undefined || uid === claim.uid) return false;
  const startedAt = Date.parse(copy.status?.startTimestamp ?? "");
  return startedAt >= Date.parse(claim.createdAt ?? "");
}

function nameOfBackup(copy: PodVolumeBackup): string {
  return copy.spec.tags?.["backup"] ?? copy.metadata.labels?.[backupNameLabel] ?? "";
}

function findFault(
  copy: PodVolumeBackup,
  backupName: string,
  claim: WantedClaim,
  shelf: BackupShelf,
  now: number,
): string | undefined {
  const { phase, snapshotID } = copy.status ?? {};
  if (phase !== "Completed") return `its phase is ${phase ?? "unknown"}, not Completed`;
  if (!snapshotID) return "it holds no snapshot";
  if (isOfAnother(copy, claim)) return "it holds a claim of that name in another cluster";
  if (copy.spec.uploaderType !== "kopia") return `made by ${copy.spec.uploaderType}, not by kopia`;
  const backup = shelf.backups.get(backupName);
  if (backup === undefined) return `its backup "${backupName}" is not in the cluster`;
  const backupPhase = backup.status?.phase ?? "unknown";
  if (!terminalPhases.includes(backupPhase)) return `its backup is still ${backupPhase}`;
  const { expiration } = backup.status ?? {};
  if (expiration !== undefined && Date.parse(expiration) <= now) {
    return `its backup expired ${expiration}`;
  }
  if (!shelf.locations.has(copy.spec.backupStorageLocation)) {
    return `its storage location "${copy.spec.backupStorageLocation}" is not in the cluster`;
  }
  return undefined;
}

function describe(copy: PodVolumeBackup, backupName: string, shelf: BackupShelf): ChosenBackup {
  const backup = shelf.backups.get(backupName);
  const startedAt = copy.status?.startTimestamp ?? "";
  const expiresAt = backup?.status?.expiration;
  const claimUid = copy.metadata.labels?.[claimUidLabel];
  return {
    podVolumeBackup: copy.metadata.name,
    backup: backupName,
    location: copy.spec.backupStorageLocation,
    snapshotId: copy.status?.snapshotID ?? "",
    startedAt,
    backupStartedAt: backup?.status?.startTimestamp ?? startedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(claimUid === undefined ? {} : { claimUid }),
    bytes: copy.status?.progress?.totalBytes ?? 0,
  };
}
