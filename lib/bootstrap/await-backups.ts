import { exitCodes, InfraError } from "../errors.ts";
import type { Step } from "../steps/step.ts";
import { veleroNamespace } from "../velero/names.ts";
import type { BootstrapWorld } from "./world.ts";

/** Velero reads a bucket every minute; a large one takes longer the first time. */
const readSeconds = 600;

/** How long a claim may be without a volume, since its pod was not placed yet. */
const placeSeconds = 60;

/**
 * Waits until Velero has made known in the cluster what is in the bucket, and until the claims have the
 * volumes that it is to go to; for those that get none not for long.
 */
export function awaitBackups(
  world: Pick<BootstrapWorld, "clock" | "openCluster">,
  after: string[],
): Step {
  return {
    id: "await-backups",
    title: "Wait until Velero has read the bucket",
    after,
    timeoutSeconds: readSeconds + 60,
    waitsFor: "every storage location to be read",
    async observe() {
      return { state: "open" };
    },
    async act() {},
    async verify(run) {
      const cluster = await world.openCluster();
      const end = world.clock.now() + readSeconds * 1000;
      let readAt: number | undefined;
      return await run.poll<{ backups: number }>(async () => {
        const inVelero = { namespace: veleroNamespace };
        const locations = await cluster.list("BackupStorageLocation", inVelero);
        const unread = locations.filter(({ status }) => status?.lastSyncedTime === undefined);
        if (locations.length > 0 && unread.length === 0) {
          const backups = (await cluster.list("Backup", inVelero)).length;
          if (backups === 0) throw empty(locations.map(({ metadata }) => metadata.name));
          readAt ??= world.clock.now();
          const claims = await cluster.list("PersistentVolumeClaim");
          const unplaced = claims.filter(({ spec }) => !spec.volumeName);
          const isLate = world.clock.now() >= readAt + placeSeconds * 1000;
          if (unplaced.length === 0 || isLate) return { done: { backups } };
          return { waiting: `volumes of ${unplaced.map((one) => one.metadata.name).join(", ")}` };
        }
        const states = unread.map(
          ({ metadata, status }) => `location ${metadata.name} is ${status?.phase ?? "new"}`,
        );
        const seen = states.join("; ") || "there is no storage location";
        if (world.clock.now() >= end) throw tooLate(seen);
        return { waiting: seen };
      }, 1);
    },
  };
}

function empty(locations: string[]): InfraError {
  return new InfraError({
    code: "BOOTSTRAP_BUCKET_EMPTY",
    message: "the cluster is up, but there is no backup of the one before it",
    why: `storage location ${locations.join(", ")} holds none`,
    fix: "See whether config/velero/backup-locations.yaml names the bucket of that time; if nothing was ever backed up, nothing is left to do",
    exitCode: exitCodes.failed,
  });
}

function tooLate(why: string): InfraError {
  return new InfraError({
    code: "BOOTSTRAP_BUCKET_UNREAD",
    message: "the cluster is up, but Velero has not read the bucket",
    why,
    fix: "See why: kubectl -n velero describe backupstoragelocations; then run the same command again",
    exitCode: exitCodes.failed,
  });
}
