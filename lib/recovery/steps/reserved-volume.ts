import { exitCodes, hasCode, InfraError } from "../../errors.ts";
import type { PersistentVolume } from "../../objects.ts";
import type { StepRun } from "../../steps/step.ts";
import type { World } from "../../world.ts";
import { runLabel } from "../labels.ts";
import { describeClaim } from "../names.ts";
import type { PlannedVolume } from "../plan.ts";
import { claimRef } from "./released-claim.ts";

/**
 * Makes our volume and waits until it is Available: only the volume controller writes that, so it
 * proves that the controller runs and knows the volume before anything is let go.
 */
export async function reserve(
  cluster: World["cluster"],
  volume: PlannedVolume,
  run: StepRun,
): Promise<void> {
  const { newVolume } = volume;
  const ref = { kind: "PersistentVolume", name: newVolume.metadata.name } as const;
  try {
    await cluster.create<PersistentVolume>(newVolume);
  } catch (error) {
    if (!hasCode(error, "CLUSTER_EXISTS")) throw error;
  }
  await run.poll(async () => {
    const found = await cluster.find(ref);
    const owner = found?.metadata.labels?.[runLabel];
    if (found === undefined || owner !== newVolume.metadata.labels?.[runLabel]) {
      throw new InfraError({
        code: "CUTOVER_VOLUME_LOST",
        message: `the reserved volume "${ref.name}" is gone or is not of this run`,
        fix: "Find out who deleted it, then run the same command again",
        exitCode: exitCodes.failed,
      });
    }
    const phase = found.status?.phase ?? "Pending";
    if (phase === "Available" || phase === "Bound") return { done: true };
    return { waiting: `volume ${ref.name} to be Available (it is ${phase})` };
  }, 0.05);
}

/**
 * Removes a reserved volume that no claim has got; its folder stays where it is. While the old claim is on
 * its way out it is kept: whoever makes the claim anew would else get an empty volume.
 */
export async function dropReserved(
  cluster: World["cluster"],
  volume: PlannedVolume,
  run: StepRun,
): Promise<string | undefined> {
  const { newVolume } = volume;
  const ref = { kind: "PersistentVolume", name: newVolume.metadata.name } as const;
  const found = await cluster.find(ref);
  if (found?.status?.phase !== "Available") return undefined;
  const claim = await cluster.find(claimRef(volume));
  if (claim?.metadata.uid !== volume.claimUid || claim.metadata.deletionTimestamp !== undefined) {
    throw new InfraError({
      code: "CUTOVER_RESERVED_KEPT",
      message: `"${ref.name}" stays reserved for claim "${describeClaim(volume.claim)}"`,
      why: "the old claim is gone or on its way out, and a new one of that name must get no empty volume",
      fix: `Right before another recovery of that claim: kubectl delete pv ${ref.name}`,
    });
  }
  const { uid = "", resourceVersion } = found.metadata;
  // Refused if a claim gets it meanwhile.
  await cluster.delete(ref, { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) });
  await run.poll(async () =>
    (await cluster.find(ref)) === undefined ? { done: true } : { waiting: `${ref.name} to go` },
  );
  return ref.name;
}
