import { renderTable } from "../cli/table.ts";
import type { Outcome, StepResult } from "../steps/execute.ts";
import { renderBytes } from "../steps/render-lines.ts";
import { type ClaimName, describeClaim } from "./names.ts";
import { getTarget, type PlannedNames, type RecoveryPlan, type SourceNode } from "./plan.ts";
import { renderSeconds } from "./render-plan.ts";
import type { RecoveryStatus } from "./status.ts";
import { cutOverStepId, fillStepId, readyStepId } from "./steps/ids.ts";

export interface VolumeReport {
  claim: ClaimName;
  /** Recovered is said only of a volume whose verify and cut-over this process has seen. */
  state: "recovered" | "moved, proof in the journal" | "restored, not moved" | "not restored";
  recoveryPoint: string;
  lossSeconds: number;
  files?: number;
  bytes?: number;
  proof?: string;
  oldVolume: string;
}

export interface RecoveryReport {
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

/** A plan of either kind; only a failover has a dead node. */
export type ReportedPlan = RecoveryPlan & {
  source?: SourceNode;
  names?: PlannedNames;
  notRestored?: string[];
};

/**
 * Sums up a recovery that ended, well or not. `status` was read after it; undefined when the cluster
 * did not answer.
 */
export function buildReport(
  plan: ReportedPlan,
  outcome: Outcome,
  status: RecoveryStatus | undefined,
): RecoveryReport {
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
          state: describeState(moved, filled),
          recoveryPoint: volume.recoveryPoint,
          lossSeconds: volume.lossSeconds,
          ...(files === undefined ? {} : { files }),
          ...(bytes === undefined ? {} : { bytes }),
          ...(proof === undefined ? {} : { proof }),
          oldVolume: volume.oldVolume.name,
        };
      }),
    ),
    openItems: listOpenItems(plan, outcome, status),
  };
}

function describeState(moved: boolean, filled: boolean): VolumeReport["state"] {
  if (moved) return filled ? "recovered" : "moved, proof in the journal";
  return filled ? "restored, not moved" : "not restored";
}

/** Workloads that were not Ready on their target in time. */
export function listNotReady(plan: RecoveryPlan, outcome: Outcome): string[] {
  return plan.units.flatMap((unit) => {
    const result = outcome.results.find((one) => one.id === readyStepId(unit));
    if (result?.facts["ready"] !== false) return [];
    return [`${unit.owner} in ${unit.namespace} is not Ready on ${getTarget(unit).name}`];
  });
}

/** The report for a terminal. */
export function renderReport(report: RecoveryReport): string {
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
  plan: RecoveryPlan,
  byId: Map<string, StepResult>,
): number | undefined {
  const provenAt = byId.get("fence-source")?.facts["provenAt"];
  const readyAt = plan.units
    .filter((unit) => unit.pods > 0)
    .map((unit) => byId.get(readyStepId(unit))?.facts["readyAt"]);
  if (typeof provenAt !== "number" || readyAt.length === 0) return undefined;
  if (!readyAt.every((at) => typeof at === "number")) return undefined;
  return (Math.max(...readyAt) - provenAt) / 1000;
}

/**
 * What stays changed, by what the cluster says now: an earlier process of the run may have done more
 * than the results of this one tell.
 */
function listOpenItems(
  plan: ReportedPlan,
  outcome: Outcome,
  status: RecoveryStatus | undefined,
): string[] {
  const { source, runId } = plan;
  const items = outcome.leftOver.map((item) => `not undone: ${item}`);
  items.push(
    ...listNotReady(plan, outcome),
    ...listStepItems(outcome),
    ...listLeftNames(plan, outcome),
  );
  items.push(...(plan.notRestored ?? []).map((line) => `not restored: ${line}`));
  const fenced = outcome.results.some((one) => one.id === "fence-source" && one.state === "done");
  if (source !== undefined && fenced) items.push(`${source.name} is switched off at its provider`);
  if (status === undefined) {
    items.push("what else stays changed could not be read: zx scripts/dr/status.ts");
    return items;
  }
  if (source !== undefined) items.push(...describeNode(source.name, status));
  items.push(...status.volumes.map(({ name, claim, why }) => `${name} of ${claim}: ${why}`));
  const paused = status.schedules.filter((one) => one.pausedBy === runId).map((one) => one.name);
  if (paused.length > 0) items.push(`schedules are paused: ${paused.join(", ")}`);
  const applications = status.applications.filter((one) => one.pausedBy === runId);
  if (applications.length > 0) {
    items.push(`Applications are paused: ${applications.map((one) => one.name).join(", ")}`);
  }
  const pods = status.pods.filter((one) => one.name.startsWith(`dr-${runId}-`));
  if (pods.length > 0) items.push(`pods of the run: ${pods.map((one) => one.name).join(", ")}`);
  return items;
}

function describeNode(name: string, status: RecoveryStatus): string[] {
  const node = status.nodes.find((one) => one.name === name);
  return [
    ...(node?.cordoned === true ? [`${name} is cordoned`] : []),
    ...(node?.quarantinedBy === undefined ? [] : [`${name} is quarantined`]),
    ...(node?.outOfService === true
      ? [`${name} is declared out of service: look at it before it boots`]
      : []),
  ];
}

/** Names of apps that external-dns had not changed in time. */
export function listLateNames({ results }: Outcome): string[] {
  return readItems(results.find((one) => one.id === "await-names"));
}

/** Static names that a run was told to leave alone. */
function listLeftNames({ names, source }: ReportedPlan, { results }: Outcome): string[] {
  const records = names?.redirection.records ?? [];
  const wasSkipped = results.some(
    ({ id, state }) => id === "redirect-names" && state === "skipped",
  );
  if (!wasSkipped || records.length === 0) return [];
  return [
    `${records.map(({ name }) => name).join(", ")} may still lead to ${source?.name}: --dns none`,
  ];
}

/** What the steps that look at Git and at DNS have left for a person. */
function listStepItems({ results }: Outcome): string[] {
  const looking = ["redirect-names", "await-names", "resume-gitops"];
  return results.filter(({ id }) => looking.includes(id)).flatMap(readItems);
}

function readItems(result: StepResult | undefined): string[] {
  const items = result?.facts["openItems"];
  return Array.isArray(items) ? items.map(String) : [];
}
