import { exitCodes, hasCode, InfraError } from "../../errors.ts";
import type { Backup, Ref } from "../../objects.ts";
import type { Step } from "../../steps/step.ts";
import { backupNameLabel, claimNameAnnotation, veleroNamespace } from "../../velero/names.ts";
import { runLabel } from "../labels.ts";
import { describeClaim } from "../names.ts";
import { listBackedUp, type PlannedVolume } from "../plan.ts";
import { endHanging } from "./hanging-copies.ts";
import { readyStepId } from "./ids.ts";
import type { Recovery } from "./recovery.ts";

/** A first full read of everything that moved takes its time. */
const backupSeconds = 4 * 3600;

/**
 * Makes the first backup of the new volumes: until it exists, the old ones hold the newest copy. A backup
 * that was at work when `deadNode` died, and is proven off now, is not to keep it waiting.
 */
export function backUpAgain({ world, plan }: Recovery, deadNode?: string): Step {
  const { cluster } = world;
  const wanted = listBackedUp(plan).filter((volume) => volume.source.kind === "files");

  /**
   * The newest backup of this run, or the one to make next: Velero's sync brings back a Backup that
   * is deleted in the cluster only, so one that is not whole is followed by another name.
   */
  async function findAttempt(): Promise<{ ref: Ref<"Backup">; backup: Backup | undefined }> {
    for (let attempt = 1; ; attempt += 1) {
      const name = attempt === 1 ? `dr-${plan.runId}` : `dr-${plan.runId}-${attempt}`;
      const ref = { kind: "Backup", name, namespace: veleroNamespace } as const;
      const backup = await cluster.find(ref);
      if (backup === undefined || !hasEnded(backup)) return { ref, backup };
      if ((await listMissing(name)).length === 0) return { ref, backup };
    }
  }

  async function listMissing(backup: string): Promise<PlannedVolume[]> {
    const copies = await cluster.list("PodVolumeBackup", {
      namespace: veleroNamespace,
      labels: { [backupNameLabel]: backup },
    });
    return wanted.filter(
      ({ claim }) =>
        !copies.some(
          ({ metadata, spec, status }) =>
            metadata.annotations?.[claimNameAnnotation] === claim.name &&
            spec.pod.namespace === claim.namespace &&
            status?.phase === "Completed",
        ),
    );
  }

  return {
    id: "back-up-again",
    title: "Back up what was moved, where it is now",
    after: plan.units.map(readyStepId),
    timeoutSeconds: backupSeconds,
    waitsFor: "the backup to complete",
    async observe() {
      if (wanted.length === 0) {
        return { state: "not-needed", note: "no volume that is backed up has moved" };
      }
      const { backup } = await findAttempt();
      return { state: backup === undefined ? "open" : "done" };
    },
    async act() {
      const { ref } = await findAttempt();
      try {
        await cluster.create<Backup>({
          apiVersion: "velero.io/v1",
          kind: "Backup",
          metadata: {
            name: ref.name,
            namespace: veleroNamespace,
            labels: { [runLabel]: plan.runId },
          },
          spec: {
            includedNamespaces: plan.backup.namespaces,
            storageLocation: plan.backup.location,
            defaultVolumesToFsBackup: true,
            snapshotVolumes: false,
            // Secrets are in Git, and the archive of objects in the bucket is not encrypted.
            excludedResources: ["secrets"],
            ttl: "168h0m0s",
          },
        });
      } catch (error) {
        if (!hasCode(error, "CLUSTER_EXISTS")) throw error;
      }
    },
    async verify(run) {
      const { ref } = await findAttempt();
      const phase = await run.poll<string>(async () => {
        if (deadNode !== undefined) await endHanging(world, deadNode);
        const backup = await cluster.find(ref);
        const found = backup?.status?.phase ?? "New";
        return backup !== undefined && hasEnded(backup)
          ? { done: found }
          : { waiting: `backup ${ref.name} is ${found}` };
      }, 1);
      // What else of the namespace could not be backed up is not this run's business.
      const missing = await listMissing(ref.name);
      if (missing.length > 0) {
        throw new InfraError({
          code: "RECOVERY_NO_NEW_BACKUP",
          message:
            "the workloads run on their new volumes, but the first backup of these is not whole",
          why: `backup "${ref.name}" is ${phase}; without a copy: ${missing.map((one) => describeClaim(one.claim)).join(", ")}`,
          fix: `Find the reason (kubectl -n velero describe backup ${ref.name}), then run the same command again: it makes another one`,
          exitCode: exitCodes.halfDone,
        });
      }
      return { backup: ref.name, phase };
    },
  };
}

/** Phases of a Backup that will not change any more. */
const endPhases = ["Completed", "PartiallyFailed", "Failed", "FailedValidation"];

function hasEnded(backup: Backup): boolean {
  return endPhases.includes(backup.status?.phase ?? "New");
}
