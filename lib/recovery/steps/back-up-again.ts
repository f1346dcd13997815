import { exitCodes, hasCode, InfraError } from "../../errors.ts";
import type { Backup } from "../../objects.ts";
import type { Step } from "../../steps/step.ts";
import { claimNameAnnotation, veleroNamespace } from "../../velero/names.ts";
import { runLabel } from "../labels.ts";
import { describeClaim } from "../names.ts";
import { listVolumes } from "../plan.ts";
import { cutOverStepId } from "./ids.ts";
import type { Recovery } from "./recovery.ts";

/** A first full read of everything that moved takes its time. */
const backupSeconds = 4 * 3600;

/** Makes the first backup on the target: until it exists, the old host holds the newest copy. */
export function backUpAgain({ world, plan }: Recovery): Step {
  const { cluster } = world;
  const ref = { kind: "Backup", name: `dr-${plan.runId}`, namespace: veleroNamespace } as const;
  const wanted = listVolumes(plan).filter((volume) => volume.source.kind === "files");

  return {
    id: "back-up-again",
    title: `Back up what moved, on ${plan.target.name}`,
    after: ["update-dns", ...plan.units.map(cutOverStepId)],
    timeoutSeconds: backupSeconds,
    waitsFor: `backup ${ref.name} to complete`,
    async observe() {
      if (wanted.length === 0)
        return { state: "not-needed", note: "no volume that is backed up has moved" };
      return { state: "open" };
    },
    async act() {
      try {
        await cluster.create<Backup>({
          apiVersion: "velero.io/v1",
          kind: "Backup",
          metadata: {
            name: ref.name,
            namespace: ref.namespace,
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
      const phase = await run.poll<string>(async () => {
        const found = (await cluster.find(ref))?.status?.phase ?? "New";
        const ended = ["Completed", "PartiallyFailed", "Failed", "FailedValidation"].includes(
          found,
        );
        return ended ? { done: found } : { waiting: `it is ${found}` };
      }, 1);
      const copies = await cluster.list("PodVolumeBackup", {
        namespace: veleroNamespace,
        labels: { "velero.io/backup-name": ref.name },
      });
      const missing = wanted.filter(
        ({ claim }) =>
          !copies.some(
            ({ metadata, spec, status }) =>
              metadata.annotations?.[claimNameAnnotation] === claim.name &&
              spec.pod.namespace === claim.namespace &&
              status?.phase === "Completed",
          ),
      );
      if (missing.length > 0 || phase !== "Completed") {
        throw new InfraError({
          code: "RECOVERY_NO_NEW_BACKUP",
          message: `the workloads run on ${plan.target.name}, but the first backup there is not whole`,
          why: `backup "${ref.name}" is ${phase}; without a copy: ${missing.map((one) => describeClaim(one.claim)).join(", ") || "none"}`,
          fix: `Find the reason (kubectl -n velero describe backup ${ref.name}), delete that backup, run the same command again`,
          exitCode: exitCodes.halfDone,
        });
      }
      return { backup: ref.name, volumes: copies.length };
    },
  };
}
