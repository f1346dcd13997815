import { showRun } from "../cli/show-run.ts";
import type { CommandResult } from "../cli/define-command.ts";
import type { Terminal } from "../cli/terminal.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { ReportedPlan } from "../recovery/report.ts";
import type { RecoveryStatus } from "../recovery/status.ts";
import { type Change, type ChangeOptions, type ChangeResult, runChange } from "../steps/change.ts";
import type { World } from "../world.ts";
import { nameHolder } from "./name-holder.ts";

/** Runs a recovery on the terminal, and reports what came of it. Throws as runChange does. */
export async function runRecovery<Plan extends ReportedPlan>(
  change: Change<Plan>,
  options: ChangeOptions,
  { world, runsFolder }: { world: World; runsFolder: string },
  terminal: Terminal,
): Promise<CommandResult> {
  const view = showRun(terminal, world.clock);
  try {
    const result = await runChange(change, options, world, {
      say: (text) => terminal.err(`${text.trimEnd()}\n`),
      ask: terminal.ask,
      emit: view.emit,
      signal: terminal.interrupted,
      holder: nameHolder(),
    });
    view.end();
    return await describeResult(change, result, world, runsFolder, terminal);
  } finally {
    view.end();
  }
}

async function describeResult<Plan extends ReportedPlan>(
  change: Change<Plan>,
  result: ChangeResult<Plan>,
  world: World,
  runsFolder: string,
  terminal: Terminal,
): Promise<CommandResult> {
  const { exitCode } = result;
  if (result.kind === "planned") {
    return { exitCode, text: change.renderPlan(result.plan), json: { plan: result.plan } };
  }
  if (result.kind !== "ran") {
    const { kind, run, leftOver } = result;
    const title =
      kind === "given-up"
        ? `Run ${run.id} is closed. What it has moved stays moved; what is left: zx scripts/dr/status.ts`
        : `Run ${run.id} ${leftOver.length === 0 ? "is undone" : "could not be undone whole"}`;
    const lines = [title, ...leftOver.map((item) => `  - ${item}`)];
    return { exitCode, text: `${lines.join("\n")}\n`, json: { run: run.id, leftOver } };
  }
  const { buildReport, listLateNames, listNotReady, renderReport } =
    await import("../recovery/report.ts");
  const { outcome, plan, run } = result;
  const report = buildReport(plan, outcome, await readStatusNow(world));
  if (outcome.failure !== undefined) {
    const { describeFailure, renderReport: renderFailure } = await import("../cli/report-error.ts");
    terminal.err(renderFailure(describeFailure(outcome.failure.error)));
  }
  const journal = `${runsFolder}/${run.id}.ndjson`;
  const missing = [
    ...listNotReady(plan, outcome),
    ...listLateNames(outcome),
    ...(plan.notRestored ?? []),
  ];
  return {
    exitCode: exitCode === exitCodes.done && missing.length > 0 ? exitCodes.findings : exitCode,
    text: `${renderReport(report)}\nJournal: ${journal}\n`,
    json: { report, journal },
  };
}

/** The report must come out even when the cluster has stopped to answer. */
async function readStatusNow(world: World): Promise<RecoveryStatus | undefined> {
  const { readStatus } = await import("../recovery/status.ts");
  try {
    return await readStatus(world);
  } catch (error) {
    if (error instanceof InfraError) return undefined;
    throw error;
  }
}
