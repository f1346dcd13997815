import type { Step } from "../steps/step.ts";
import { listVolumes, type PlannedVolume, type RecoveryPlan } from "./plan.ts";
import { restoreLane } from "./steps/ids.ts";
import type { Recovery } from "./steps/recovery.ts";
import { rebuildVolume, restoreVolume } from "./steps/restore-volume.ts";

/** The steps that put the data of every volume into its fresh folder; they take nothing away. */
export function buildFillSteps(recovery: Recovery): Step[] {
  return listVolumes(recovery.plan).map((volume) => buildFillStep(recovery, volume));
}

/** How many steps of a lane run at once. */
export function listLanes({ restoreConcurrency }: RecoveryPlan): Record<string, number> {
  return Object.fromEntries(
    Object.entries(restoreConcurrency).map(([node, count]) => [restoreLane(node), count]),
  );
}

function buildFillStep(recovery: Recovery, volume: PlannedVolume): Step {
  const { source } = volume;
  if (source.kind === "files") return restoreVolume(recovery, volume);
  const from = listVolumes(recovery.plan).find(
    (one) => one.claim.namespace === source.from.namespace && one.claim.name === source.from.name,
  );
  if (from === undefined) throw new Error(`no volume to rebuild ${volume.claim.name} from`);
  return rebuildVolume(recovery, volume, from);
}
