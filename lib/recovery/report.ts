import { renderTable } from "../cli/table.ts";
import type { Outcome, StepResult } from "../steps/execute.ts";
import type { RunRecord } from "../steps/runs.ts";
import { renderBytes } from "../steps/render-lines.ts";
import { type ClaimName, describeClaim } from "./names.ts";
import { type FailoverPlan, listVolumes } from "./plan.ts";
import { renderSeconds } from "./render-plan.ts";
import { cutOverStepId, fillStepId } from "./steps/ids.ts";

export interface VolumeReport {
  claim: ClaimName;
  /** Recovered is said only of a volume whose verify and cut-over this run has seen. */
  state: "recovered" | "restored, not moved" | "not restored";
  recoveryPoint: string;
  lossSeconds: number;
  files?: number;
  bytes?: number;
  proof?: string;
  oldVolume: string;
}

export interface FailoverReport {
  runId: string;
  outcome: Outcome["state"];
  failure?: { step: string; code: string; message: string };
  /** Seconds of each step that ran in this process, and when it began after the first one. */
  steps: { id: string; state: StepResult["state"]; startedAfter: number; seconds: number }[];
  /** Seconds from the proof that the source is off to the last workload's Ready. */
  proofToReadySeconds?: number;
  volumes: VolumeReport[];
  /** What stays changed and has to be looked at by a person, one sentence each. */
  openItems: string[];
}

/** Sums up a failover that ended, well or not. */
export function buildReport(plan: FailoverPlan, run: RunRecord, outcome: Outcome): FailoverReport {
  const byId = new Map(outcome.results.map((result) => [result.id, result]));
  const firstStart = Math.min(...outcome.results.map((result) => result.startedAt));
  const proofToReady = measureProofToReady(plan, byId);
  return {
    runId: plan.runId,
    outcome: outcome.state,
    ...(outcome.failure === undefined
      ? {}
      : {
          failure: {
            step: outcome.failure.step,
            code: outcome.failure.error.code,
            message: outcome.failure.error.message,
          },
        }),
    steps: outcome.results.map(({ id, state, startedAt, endedAt }) => ({
      id,
      state,
      startedAfter: (startedAt - firstStart) / 1000,
      seconds: (endedAt - startedAt) / 1000,
    })),
    ...(proofToReady === undefined ? {} : { proofToReadySeconds: proofToReady }),
    volumes: plan.units.flatMap((unit) =>
      unit.volumes.map((volume) => {
        const fill = byId.get(fillStepId(volume));
        const moved = byId.get(cutOverStepId(unit))?.state === "done";
        const filled = fill?.state === "done";
        const { files, bytes, proof } = (filled ? fill.facts : {}) as Partial<VolumeReport>;
        return {
          claim: volume.claim,
          state: moved
            ? ("recovered" as const)
            : filled
              ? ("restored, not moved" as const)
              : ("not restored" as const),
          recoveryPoint: volume.recoveryPoint,
          lossSeconds: volume.lossSeconds,
          ...(files === undefined ? {} : { files }),
          ...(bytes === undefined ? {} : { bytes }),
          ...(proof === undefined ? {} : { proof }),
          oldVolume: volume.oldVolume.name,
        };
      }),
    ),
    openItems: listOpenItems(plan, run, outcome),
  };
}

/** The report for a terminal. */
export function renderReport(report: FailoverReport): string {
  const lines = [
    `Run ${report.runId}: ${report.outcome}`,
    ...(report.failure === undefined
      ? []
      : [
          `  failed at ${report.failure.step}: ${report.failure.message}  [${report.failure.code}]`,
        ]),
    "",
    renderTable(
      report.volumes.map((volume) => [
        describeClaim(volume.claim),
        volume.state,
        renderSeconds(volume.lossSeconds),
        volume.files === undefined ? "-" : String(volume.files),
        volume.bytes === undefined ? "-" : renderBytes(volume.bytes),
        volume.oldVolume,
      ]),
      ["VOLUME", "STATE", "LOSS", "FILES", "SIZE", "OLD VOLUME (KEPT)"],
    ).trimEnd(),
  ];
  if (report.proofToReadySeconds !== undefined) {
    lines.push("", `From proof to Ready: ${report.proofToReadySeconds.toFixed(1)} s`);
  }
  if (report.openItems.length > 0) {
    lines.push("", "Left for you:", ...report.openItems.map((item) => `  - ${item}`));
  }
  return `${lines.join("\n")}\n`;
}

function measureProofToReady(
  plan: FailoverPlan,
  byId: Map<string, StepResult>,
): number | undefined {
  const provenAt = byId.get("fence-source")?.facts["provenAt"];
  const readyAt = plan.units.map((unit) => byId.get(cutOverStepId(unit))?.facts["readyAt"]);
  if (typeof provenAt !== "number" || readyAt.length === 0) return undefined;
  if (!readyAt.every((at) => typeof at === "number")) return undefined;
  return (Math.max(...readyAt) - provenAt) / 1000;
}

function listOpenItems(plan: FailoverPlan, run: RunRecord, outcome: Outcome): string[] {
  const { source } = plan;
  const items = outcome.leftOver.map((item) => `not undone: ${item}`);
  const done = new Set(outcome.results.filter((one) => one.state === "done").map((one) => one.id));
  if (outcome.state === "undone") {
    if (done.has("fence-source")) items.push(`${source.name} is switched off at its provider`);
    return items;
  }
  if (done.has("quarantine-source")) items.push(`${source.name} is cordoned and quarantined`);
  if (run.irreversible) {
    items.push(
      `${source.name} is tainted as out of service: keep it off, or it comes back with its old volumes`,
      ...listVolumes(plan).map(
        (volume) => `${volume.oldVolume.name} keeps the old data of ${describeClaim(volume.claim)}`,
      ),
    );
  } else if (plan.preserve.length > 0) {
    items.push(
      `volumes of ${source.name} are kept (Retain): ${plan.preserve.map((one) => one.name).join(", ")}`,
    );
  }
  if (done.has("pause-schedules") && !done.has("resume-schedules") && plan.schedules.length > 0) {
    items.push(`schedules are paused: ${plan.schedules.join(", ")}`);
  }
  return items;
}
