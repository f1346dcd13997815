import type { Step } from "../../steps/step.ts";
import type { World } from "../../world.ts";
import { describeClaim } from "../names.ts";
import { listVolumes, type PlannedVolume, type TargetNode } from "../plan.ts";
import { checkRestored, unproven } from "../restore-result.ts";
import { buildRebuildPod, buildRemovePod, buildRestorePod } from "../restore-pod.ts";
import { fillStepId, foldersStepId, restoreLane } from "./ids.ts";
import type { Recovery } from "./recovery.ts";
import { readPodResult, refOf, removePod, runPod } from "./run-pod.ts";

/** Restores may take long, and a bucket that is away for a while is only waited for. */
const restoreSeconds = 24 * 3600;

/** Restores one volume's newest usable backup into its fresh folder on the target. */
export function restoreVolume({ world, plan }: Recovery, volume: PlannedVolume): Step {
  const pod = buildRestorePod(plan, volume);
  const claim = describeClaim(volume.claim);
  return {
    id: fillStepId(volume),
    title: `Restore ${claim} on ${volume.target.name}`,
    after: [foldersStepId(volume.target), "preserve-volumes"],
    lane: restoreLane(volume.target.name),
    timeoutSeconds: restoreSeconds,
    waitsFor: `the restore pod of ${claim}`,
    async observe() {
      const { snapshot, walked } = await readPodResult(world, refOf(pod));
      if (snapshot !== undefined && walked !== undefined) return { state: "done" };
      if (!(await isReserved(world, volume))) return { state: "open" };
      return { state: "not-needed", note: "about to be cut over, its proof is in the journal" };
    },
    async act(run) {
      const bytesTotal = volume.bytes;
      await runPod(world, pod, run, (percent) => {
        run.report({ bytesDone: Math.round((bytesTotal * percent) / 100), bytesTotal });
      });
    },
    async verify() {
      const result = await readPodResult(world, refOf(pod));
      const { files, directories, symlinks, bytes } = checkRestored(result, claim);
      return {
        claim,
        files,
        directories,
        symlinks,
        bytes,
        proof: "kopia checked every block against its hash; files counted after a sync",
        leftOutOfBackup: result.snapshot?.excluded ?? 0,
      };
    },
    async undo(run) {
      return (await removePod(world, refOf(pod), run)) ? `pod of ${claim} removed` : undefined;
    },
    undoIsAlwaysRight: true,
  };
}

/** Lets the app make one `rebuild` volume from the restored one, before anything is cut over. */
export function rebuildVolume(
  { world, plan }: Recovery,
  volume: PlannedVolume,
  from: PlannedVolume,
): Step {
  const pod = buildRebuildPod(plan, volume, from);
  const claim = describeClaim(volume.claim);
  return {
    id: fillStepId(volume),
    title: `Rebuild ${claim} from ${from.claim.name}`,
    after: [fillStepId(from)],
    timeoutSeconds: restoreSeconds,
    waitsFor: `the rebuild pod of ${claim}`,
    async observe() {
      const { walked } = await readPodResult(world, refOf(pod));
      if (walked !== undefined) return { state: "done" };
      if (!(await isReserved(world, volume))) return { state: "open" };
      return { state: "not-needed", note: "about to be cut over, its proof is in the journal" };
    },
    async act(run) {
      await runPod(world, pod, run);
    },
    async verify() {
      const { walked } = await readPodResult(world, refOf(pod));
      if (walked === undefined) throw unproven(`the rebuild of "${claim}"`);
      return {
        claim,
        ...walked,
        proof: `the app's own rebuild command ended well, on the verified restore of ${from.claim.name}`,
      };
    },
    async undo(run) {
      return (await removePod(world, refOf(pod), run)) ? `pod of ${claim} removed` : undefined;
    },
    undoIsAlwaysRight: true,
  };
}

/**
 * Not a change of its own: the undo that removes the run's folders on one target. It stands first
 * in the order, so that every pod that wrote into them is gone when it comes to be undone.
 */
export function ownFolders({ world, plan }: Recovery, target: TargetNode): Step {
  const volumes = listVolumes(plan).filter((volume) => volume.target.name === target.name);
  const pod = buildRemovePod(
    plan,
    target,
    volumes.map((volume) => volume.folder),
  );
  return {
    id: foldersStepId(target),
    title: `Fresh folders dr-${plan.runId}.* on ${target.name}`,
    after: [],
    timeoutSeconds: 600,
    waitsFor: `the folders on ${target.name} to be removed`,
    async observe() {
      // Left by an undo that was cut off: it would empty the folders behind the restores' back.
      const remover = await world.cluster.find(refOf(pod));
      return { state: remover === undefined ? "done" : "open" };
    },
    async act(run) {
      await removePod(world, refOf(pod), run);
    },
    async verify() {
      return { folders: volumes.map((volume) => `${target.storagePath}/${volume.folder}`) };
    },
    async undo(run) {
      if (volumes.length === 0) return undefined;
      // One that has succeeded already removed the folders of an earlier try.
      await removePod(world, refOf(pod), run);
      await runPod(world, pod, run);
      await removePod(world, refOf(pod), run);
      return "folders removed";
    },
  };
}

/**
 * Whether the claim may get the folder at any moment: from then on nothing may touch what is in it. A
 * volume is reserved only for a folder that was verified.
 */
async function isReserved({ cluster }: World, { newVolume }: PlannedVolume): Promise<boolean> {
  const { name } = newVolume.metadata;
  return (await cluster.find({ kind: "PersistentVolume", name })) !== undefined;
}
