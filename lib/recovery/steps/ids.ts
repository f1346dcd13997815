import { describeClaim } from "../names.ts";
import type { PlannedVolume, RecoveryUnit } from "../plan.ts";

/** Id of the step that puts the data of a claim into its fresh folder. */
export function fillStepId(volume: PlannedVolume): string {
  return `${volume.source.kind === "files" ? "restore" : "rebuild"}:${describeClaim(volume.claim)}`;
}

/** Id of the step that moves the claims of a unit. */
export function cutOverStepId(unit: RecoveryUnit): string {
  const names = unit.volumes.map((volume) => volume.claim.name).join("+");
  return `cut-over:${unit.namespace}/${names}`;
}
