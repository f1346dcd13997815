import type { Step } from "../steps/step.ts";
import type { World } from "../world.ts";
import { buildFillSteps } from "./fill-steps.ts";
import { getTarget, type RestorePlan, type TargetNode } from "./plan.ts";
import { awaitReady } from "./steps/await-ready.ts";
import { backUpAgain } from "./steps/back-up-again.ts";
import { cutOver } from "./steps/cut-over.ts";
import { pauseSchedules, resumeSchedules } from "./steps/hold-schedules.ts";
import { preserveVolumes } from "./steps/preserve-volumes.ts";
import { ownFolders } from "./steps/restore-volume.ts";
import { settle } from "./steps/settle.ts";
import { stopLivingApp } from "./steps/stop-living-app.ts";

/**
 * The steps of a restore: those of a failover, but that the writers are stopped and not their machine.
 * The app runs until its volumes are restored and verified.
 */
export function buildRestoreSteps(world: World, plan: RestorePlan): Step[] {
  const recovery = { world, plan };
  return [
    ...listTargets(plan).map((target) => ownFolders(recovery, target)),
    preserveVolumes(recovery, { name: plan.app ?? "what is restored" }),
    ...buildFillSteps(recovery),
    pauseSchedules(recovery, ["preserve-volumes"]),
    ...plan.units.flatMap((unit) => [
      cutOver(recovery, unit, stopLivingApp(recovery, unit)),
      awaitReady(recovery, unit),
    ]),
    backUpAgain(recovery),
    resumeSchedules(recovery),
    settle(recovery),
  ];
}

/** Every node that something is restored on, once. */
export function listTargets(plan: RestorePlan): TargetNode[] {
  const targets = plan.units.map(getTarget);
  return [...new Map(targets.map((target) => [target.name, target])).values()];
}
