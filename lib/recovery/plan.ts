import type { ErrorDetails } from "../errors.ts";
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  SecurityContext,
  VolumeMount,
} from "../objects.ts";
import type { Redirection } from "../records.ts";
import type { ChosenBackup, PassedOver } from "../velero/choose-backup.ts";
import type { Repository } from "../velero/repository.ts";
import type { MachineRef } from "../world.ts";
import type { DnsWay } from "./dns-way.ts";
import type { ClaimName } from "./names.ts";
import type { HeldApplication } from "./plan-gitops.ts";

/** What a recovery will do; JSON, kept with the run, so that any machine can finish it. */
export interface RecoveryPlan {
  runId: string;
  /** Every volume that loses its data with its claim, so far. */
  preserve: VolumeToPreserve[];
  units: RecoveryUnit[];
  /** Schedules to hold while volumes move; those that were paused before are left alone. */
  schedules: string[];
  /** What the first backup of what was moved is made like. */
  backup: { namespaces: string[]; location: string };
  /** How many restores run at once, by target node. */
  restoreConcurrency: Record<string, number>;
  /** Free space wanted for each byte to restore. */
  freeSpaceFactor: number;
  restoreImage: string;
  warnings: string[];
  blockers: ErrorDetails[];
}

/** A recovery of everything that a dead node has, on one other node. */
export interface FailoverPlan extends RecoveryPlan {
  source: SourceNode;
  target: TargetNode & HostToReach;
  /** RFC 3339; the last heartbeat of the source that the cluster saw. */
  failedAt: string;
  /** Claims that are not bound to the node and come along by themselves. */
  movesByItself: ClaimName[];
  /** Applications to hold while volumes move, root first; those that were paused before stay so. */
  gitops: HeldApplication[];
  /** What DNS has of the source; undefined when that is nothing, or could not be seen. */
  names?: PlannedNames;
  /** What a dry run found out about the source. */
  evidence?: { verdict: string; why: string; samples: string[] };
}

/** A recovery of living workloads from their backups. */
export interface RestorePlan extends RecoveryPlan {
  /** The app, or undefined for everything that a cluster before this one had. */
  app: string | undefined;
  /** RFC 3339; what was written from a recovery point until now is replaced. */
  plannedAt: string;
  /** The longest time that a pod of it is given to stop. */
  stopSeconds: number;
  /** What is left as it is, and well so, a sentence each. */
  leftAlone: string[];
  /** What a person has to decide before it can be restored, a sentence each. */
  notRestored: string[];
}

export interface SourceNode {
  name: string;
  wasCordoned: boolean;
  wasOutOfService: boolean;
  machine: MachineRef;
  /** The inventory's public address: the machine that is switched off must have it. */
  publicIp: string;
  meshIp?: string;
  sshPort: number;
  /** Where its kubelet listens for the other nodes. */
  internalIp?: string;
}

/** A node as the inventory has it. */
export interface HostToReach {
  name: string;
  publicIp: string;
  /** Where sshd may listen on the mesh only. */
  meshIp?: string;
  sshPort: number;
}

/** What becomes of the names that point to the source. */
export interface PlannedNames {
  /** The way that was chosen when the run was planned; one that goes on may be given another. */
  by: DnsWay;
  zone: string;
  /** Of the static records. */
  redirection: Redirection;
  /** Names of apps, which external-dns changes by itself. */
  awaited: string[];
}

export interface TargetNode {
  name: string;
  uid: string;
  hostname: string;
  /** Folder of local-path on the target. */
  storagePath: string;
}

export interface VolumeToPreserve {
  name: string;
  uid: string;
  policy: "Delete" | "Recycle";
  /** A volume whose claim is gone stays kept even when the run is undone. */
  isBound: boolean;
}

/** Claims that must move together, since some pod uses them together. */
export interface RecoveryUnit {
  namespace: string;
  /** What makes the pods again, `StatefulSet db`; undefined for claims that nobody uses. */
  owner?: string;
  /** How many pods must be Ready on the target in the end. */
  pods: number;
  volumes: PlannedVolume[];
}

export interface PlannedVolume {
  claim: ClaimName;
  claimUid: string;
  oldVolume: { name: string; uid: string };
  source: VolumeSource;
  /** RFC 3339; nothing written before this time is lost. */
  recoveryPoint: string;
  /** `failedAt` minus the recovery point. */
  lossSeconds: number;
  passedOver: PassedOver[];
  /** Velero's count of what the backup holds. */
  bytes: number;
  /** Where it is restored. */
  target: TargetNode;
  folder: string;
  /** Our own volume over that folder, reserved for the claim. */
  newVolume: PersistentVolume;
  newClaim: PersistentVolumeClaim;
}

export type VolumeSource =
  | { kind: "files"; backup: ChosenBackup; repository: Repository }
  | { kind: "rebuild"; from: ClaimName; rebuild: Rebuild };

/** How the app makes its data volume again from a restored one. */
export interface Rebuild {
  command: string;
  image: string;
  imagePullSecrets: { name: string }[];
  podSecurity?: SecurityContext;
  containerSecurity?: SecurityContext;
  /** Where the app's container mounts the two claims. */
  target: Pick<VolumeMount, "mountPath" | "subPath">;
  from: Pick<VolumeMount, "mountPath" | "subPath">;
}

/** The volumes that a backup on the target can hold: Velero copies what a running pod mounts. */
export function listBackedUp(plan: RecoveryPlan): PlannedVolume[] {
  return plan.units.filter((unit) => unit.pods > 0).flatMap((unit) => unit.volumes);
}

/** All volumes of a plan, in the order of its units. */
export function listVolumes(plan: RecoveryPlan): PlannedVolume[] {
  return plan.units.flatMap((unit) => unit.volumes);
}

/** Where the volumes of a unit go; it has one volume at least. */
export function getTarget({ volumes: [first] }: RecoveryUnit): TargetNode {
  if (first === undefined) throw new Error("a unit without a volume");
  return first.target;
}
