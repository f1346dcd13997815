import { describeClaim } from "../names.ts";
import type { PlannedVolume, RecoveryUnit, TargetNode } from "../plan.ts";

/** Id of the step that the folders of a run on one node belong to. */
export function foldersStepId(target: TargetNode): string {
  return `own-folders:${target.name}`;
}

/** The lane of the restores on one node. */
export function restoreLane(node: string): string {
  return `restore:${node}`;
}

/** Id of the step that puts the data of a claim into its fresh folder. */
export function fillStepId(volume: PlannedVolume): string {
  return `${volume.source.kind === "files" ? "restore" : "rebuild"}:${describeClaim(volume.claim)}`;
}

/** Id of the step that moves the claims of a unit. */
export function cutOverStepId(unit: RecoveryUnit): string {
  return `cut-over:${nameUnit(unit)}`;
}

/** Id of the step that waits for the pods of a unit. */
export function readyStepId(unit: RecoveryUnit): string {
  return `ready:${nameUnit(unit)}`;
}

function nameUnit(unit: RecoveryUnit): string {
  return `${unit.namespace}/${unit.volumes.map((volume) => volume.claim.name).join("+")}`;
}
