import { exitCodes, hasCode, InfraError } from "../../errors.ts";
import type { PersistentVolumeClaim, Ref } from "../../objects.ts";
import type { PollResult } from "../../steps/step.ts";
import type { World } from "../../world.ts";
import { describeClaim } from "../names.ts";
import { listVolumes, type PlannedVolume } from "../plan.ts";
import type { Recovery } from "./recovery.ts";

/** The claim of a volume if it is the new one already; another volume under it is an error. */
export async function findReleasedClaim(
  cluster: World["cluster"],
  volume: PlannedVolume,
): Promise<PersistentVolumeClaim | undefined> {
  const claim = await cluster.find(claimRef(volume));
  if (claim === undefined || claim.metadata.uid === volume.claimUid) return undefined;
  const { volumeName } = claim.spec;
  if (volumeName === undefined || volumeName === "") return undefined;
  if (volumeName === volume.newVolume.metadata.name) return claim;
  throw new InfraError({
    code: "CUTOVER_FOREIGN_VOLUME",
    message: `claim "${describeClaim(volume.claim)}" got another volume, "${volumeName}"`,
    why: "somebody made the claim in a way that our reserved volume does not fit; the app may run on an empty volume",
    fix: `Stop the app, keep both volumes (nothing was deleted), and look at: kubectl describe pv ${volumeName}`,
    exitCode: exitCodes.halfDone,
  });
}

/** Whether every claim of a plan was moved: from then on the source is nobody's business here. */
export async function isAllReleased({ world, plan }: Recovery): Promise<boolean> {
  const claims = await Promise.all(
    listVolumes(plan).map((volume) => findReleasedClaim(world.cluster, volume)),
  );
  return claims.length > 0 && claims.every((claim) => claim?.status?.phase === "Bound");
}

/** The claim of a volume, whichever generation of it there is. */
export function claimRef(volume: PlannedVolume): Ref<"PersistentVolumeClaim"> {
  return { kind: "PersistentVolumeClaim", ...volume.claim };
}

/** Of an answer that was lost; the effect of what was asked is not known. */
const lostCodes = ["CLUSTER_TIMEOUT", "CLUSTER_UNREACHABLE"];

/**
 * A look, or a try, that need not be answered: from the first DELETE on nobody may stop for that, and the
 * next one tells what is.
 */
export async function orWait<T>(probe: () => Promise<PollResult<T>>): Promise<PollResult<T>> {
  try {
    return await probe();
  } catch (error) {
    if (hasCode(error, ...lostCodes)) return { waiting: "the API server to answer" };
    throw error;
  }
}

/** Deletes the old claim of a volume; it goes once no pod holds it, and nobody new may start on it. */
export async function letGo(cluster: World["cluster"], volume: PlannedVolume): Promise<void> {
  const ref = claimRef(volume);
  const old = await cluster.find(ref);
  if (old?.metadata.uid !== volume.claimUid || old.metadata.deletionTimestamp !== undefined) return;
  await cluster.delete(ref, { uid: volume.claimUid });
}
