import { renderTable } from "../cli/table.ts";
import { renderBytes } from "../steps/render-lines.ts";
import { getTarget, listVolumes, type RestorePlan } from "./plan.ts";
import { renderPassedOver, renderTrouble, renderVolume } from "./render-plan.ts";

/** The plan as a person reads it before saying yes: what is replaced first, then what is done. */
export function renderRestorePlan(plan: RestorePlan): string {
  const volumes = listVolumes(plan);
  const bytes = volumes.reduce((sum, volume) => sum + volume.bytes, 0);
  const what = plan.app ?? "what the cluster before this one had";
  const lines = [
    `Restore of ${what}, run ${plan.runId}`,
    "",
    "What was written after the recovery point is replaced; the volumes of now are kept beside:",
    "",
    renderTable(
      volumes.map((volume) => [...renderVolume(volume), volume.target.name]),
      ["VOLUME", "RECOVERY POINT", "AGE", "SIZE", "FROM", "TO"],
    ).trimEnd(),
    ...renderPassedOver(volumes),
    ...(plan.leftAlone.length === 0 ? [] : ["", "Left as it is:"]),
    ...plan.leftAlone.map((line) => `  ${line}`),
    ...(plan.notRestored.length === 0 ? [] : ["", "NOT restored, and left to you:"]),
    ...plan.notRestored.map((line) => `  ${line}`),
    "",
    "In this order; an app runs until all of its data is restored and verified:",
    `  keep      the volumes of now (${plan.preserve.length} change to Retain); none is deleted`,
    `  restore   ${volumes.length} volumes, ${renderBytes(bytes)}, into fresh folders`,
    `  pause     schedules: ${plan.schedules.join(", ") || "none"}`,
    ...plan.units.map(
      (unit) =>
        `! stop and cut over  ${unit.owner ?? "unused claims"} in ${unit.namespace}: ${unit.volumes.map((one) => one.claim.name).join(", ")}, to ${getTarget(unit).name}`,
    ),
    `  back up   ${plan.backup.namespaces.join(", ") || "nothing"}, resume what was paused`,
    "  (! cannot be undone by itself: the way back is another restore, or the old volume)",
    ...renderTrouble(plan),
  ];
  return `${lines.join("\n")}\n`;
}
