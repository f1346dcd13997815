import { exitCodes, hasCode, InfraError } from "../../errors.ts";
import { isNodeReady, type PersistentVolumeClaim } from "../../objects.ts";
import type { PollResult, Step, StepRun } from "../../steps/step.ts";
import type { World } from "../../world.ts";
import { describeClaim } from "../names.ts";
import { getTarget, type PlannedVolume, type RecoveryUnit, type TargetNode } from "../plan.ts";
import type { Recovery } from "./recovery.ts";
import { explainHeld } from "./claim-holders.ts";
import { cutOverStepId, fillStepId } from "./ids.ts";
import { claimRef, findReleasedClaim, letGo, orWait } from "./released-claim.ts";
import { dropReserved, reserve } from "./reserved-volume.ts";
import type { WriterStop } from "./writer-stop.ts";

/** A claim that is gone is posted again at this pace: whoever is first binds it. */
const postEverySeconds = 0.008;

/** What is not gone after this time is held by a pod that is given time to stop; who, is looked up. */
const fastSeconds = 2;
const slowSeconds = 0.04;
const lookEverySeconds = 2;

/**
 * Moves the claims of one unit to the restored folders: reserve a volume for each, then release
 * the old claims. The controllers stay up and start their pods on the target as soon as the new
 * claims are bound. The order is what keeps a claim from getting any other volume; it was attacked
 * in every step (docs/decisions/0003-reserve-then-release.md).
 */
export function cutOver({ world }: Recovery, unit: RecoveryUnit, writers: WriterStop): Step {
  const { cluster } = world;
  const target = getTarget(unit);
  const names = unit.volumes.map((volume) => describeClaim(volume.claim)).join(", ");

  async function readClaims(): Promise<{ bound: boolean; left: PlannedVolume[] }> {
    const claims = await Promise.all(
      unit.volumes.map((volume) => findReleasedClaim(cluster, volume)),
    );
    return {
      bound: claims.every((claim) => claim?.status?.phase === "Bound"),
      left: unit.volumes.filter((_, index) => claims[index] === undefined),
    };
  }

  return {
    id: cutOverStepId(unit),
    title: `Cut over ${unit.owner ?? "unused claims"} (${names})`,
    after: [...writers.after, ...unit.volumes.map(fillStepId)],
    irreversible: true,
    timeoutSeconds: 300 + writers.seconds,
    waitsFor: `the claims ${names} to be bound on ${target.name}`,
    /** Looks once more before there is no way back: plan and proof may be hours old by now. */
    async observe() {
      const { bound, left } = await readClaims();
      if (bound) return { state: "done" };
      await Promise.all([
        ...left.map((volume) => checkPreserved(cluster, volume)),
        checkTarget(world, target),
        writers.check(left),
      ]);
      return { state: "open" };
    },
    async act(run) {
      const { left } = await readClaims();
      await Promise.all(left.map((volume) => reserve(cluster, volume, run)));
      await run.poll(
        async () => await orWait(async () => ({ done: await writers.stop(left, run) })),
      );
      await Promise.all(left.map((volume) => release(world, volume, writers, run)));
    },
    async verify(run) {
      await Promise.all(unit.volumes.map((volume) => waitBound(cluster, volume, run)));
      return { volumes: unit.volumes.map((volume) => volume.newVolume.metadata.name) };
    },
    async undo(run) {
      const dropped = await Promise.all(
        unit.volumes.map((volume) => dropReserved(cluster, volume, run)),
      );
      const names = dropped.flatMap((name) => name ?? []);
      return names.length === 0 ? undefined : `reserved volumes ${names.join(", ")} removed`;
    },
    undoIsAlwaysRight: true,
  };
}

async function checkPreserved(cluster: World["cluster"], volume: PlannedVolume): Promise<void> {
  const { name, uid } = volume.oldVolume;
  const old = await cluster.find({ kind: "PersistentVolume", name });
  if (old?.metadata.uid !== uid) return;
  if (old.spec.persistentVolumeReclaimPolicy === "Retain") return;
  throw new InfraError({
    code: "CUTOVER_NOT_PRESERVED",
    message: `the old volume "${name}" would be deleted with its claim`,
    why: "its reclaim policy was changed back while this run was under way",
    fix: `kubectl patch pv ${name} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}', then run again`,
    exitCode: exitCodes.failed,
  });
}

/** The plan is minutes old by now: a target that was lost meanwhile must not get the claims. */
async function checkTarget(world: World, target: TargetNode): Promise<void> {
  const node = await world.cluster.find({ kind: "Node", name: target.name });
  if (node !== undefined && node.metadata.uid === target.uid && isNodeReady(node)) {
    if (node.spec?.unschedulable !== true) return;
  }
  throw new InfraError({
    code: "CUTOVER_TARGET_LOST",
    message: `target node "${target.name}" cannot take the workloads any more`,
    why: "it is not Ready, cordoned, or another node of that name",
    fix: "Bring it back, then run the same command again; the claims are where they were",
    exitCode: exitCodes.failed,
  });
}

/**
 * Deletes the old claim and posts the new one until one of that name is ours. A claim that its
 * owner made first is given our volume by name while it has none.
 */
async function release(
  world: World,
  volume: PlannedVolume,
  writers: WriterStop,
  run: StepRun,
): Promise<void> {
  const { cluster, clock } = world;
  const ref = claimRef(volume);
  const slowFrom = clock.now() + fastSeconds * 1000;
  let lookAt = clock.now() + lookEverySeconds * 1000;
  let isLetGo = false;
  let held = `the old claim ${describeClaim(volume.claim)} to go`;

  async function tryOnce(): Promise<PollResult<true>> {
    if (!isLetGo) await letGo(cluster, volume);
    isLetGo = true;
    try {
      await cluster.create(volume.newClaim);
      return { done: true };
    } catch (error) {
      if (hasCode(error, "CLUSTER_QUOTA")) return { waiting: "the quota of the old claim" };
      if (!hasCode(error, "CLUSTER_EXISTS", "CLUSTER_CONFLICT")) throw error;
    }
    const found = await cluster.find(ref);
    if (found === undefined) return { waiting: "nothing: the old claim is gone" };
    if (found.metadata.uid === volume.claimUid) {
      if (clock.now() >= lookAt) {
        lookAt = clock.now() + lookEverySeconds * 1000;
        await writers.stop([volume], run);
        held = await explainHeld(world, volume);
      }
      // Pods that end by themselves take their time.
      if (clock.now() >= slowFrom) await clock.sleep(slowSeconds, run.signal);
      return { waiting: held };
    }
    if ((await findReleasedClaim(cluster, volume)) !== undefined) return { done: true };
    return (await adopt(cluster, volume, found))
      ? { done: true }
      : { waiting: "the claim's owner" };
  }

  await run.poll(async () => await orWait(tryOnce), postEverySeconds);
}

async function adopt(
  cluster: World["cluster"],
  volume: PlannedVolume,
  found: PersistentVolumeClaim,
): Promise<boolean> {
  const { uid, resourceVersion } = found.metadata;
  try {
    await cluster.patch(claimRef(volume), {
      metadata: { uid, resourceVersion },
      spec: { volumeName: volume.newVolume.metadata.name },
    });
    return true;
  } catch (error) {
    if (hasCode(error, "CLUSTER_CONFLICT", "CLUSTER_NOT_FOUND")) return false;
    throw error;
  }
}

async function waitBound(
  cluster: World["cluster"],
  volume: PlannedVolume,
  run: StepRun,
): Promise<void> {
  async function look(): Promise<PollResult<true>> {
    const [claim, bound] = await Promise.all([
      findReleasedClaim(cluster, volume),
      cluster.find({ kind: "PersistentVolume", name: volume.newVolume.metadata.name }),
    ]);
    const isBound =
      claim?.status?.phase === "Bound" && bound?.spec.claimRef?.uid === claim.metadata.uid;
    return isBound
      ? { done: true }
      : { waiting: `claim ${describeClaim(volume.claim)} to be Bound` };
  }

  await run.poll(async () => await orWait(look), 0.05);
}
