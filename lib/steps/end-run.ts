import { type ExitCode, exitCodes, InfraError } from "../errors.ts";
import type { World } from "../world.ts";
import type { Emit } from "./events.ts";
import { undoSteps } from "./run-step.ts";
import { type RunRecord, saveRun } from "./runs.ts";
import { openStepLog } from "./step-log.ts";
import type { Step } from "./step.ts";

/** An open run, with what is needed to end it without finishing it. */
export interface OpenRun {
  run: RunRecord;
  steps: Step[];
  /** The command line that goes on with it. */
  commandLine: string;
  world: World;
  emit: Emit;
}

export interface EndedRun {
  run: RunRecord;
  /** What could not be put back, one sentence each. */
  leftOver: string[];
  exitCode: ExitCode;
}

/** Undoes a run that has not moved anything. Throws RUN_IRREVERSIBLE. */
export async function abortRun({
  run,
  steps,
  commandLine,
  world,
  emit,
}: OpenRun): Promise<EndedRun> {
  if (run.irreversible) {
    throw new InfraError({
      code: "RUN_IRREVERSIBLE",
      message: `run ${run.id} can no longer be undone`,
      why: "its first irreversible step has begun",
      fix: `Finish it: ${commandLine}\nor, where that cannot succeed: ${commandLine} --give-up`,
      exitCode: exitCodes.needsPerson,
    });
  }
  const log = openStepLog(run.id, world, emit);
  const leftOver = await undoSteps(steps, { clock: world.clock, log });
  if (leftOver.length > 0) return { run, leftOver, exitCode: exitCodes.failed };
  await closeRun(run, "aborted", world);
  return { run, leftOver, exitCode: exitCodes.done };
}

/**
 * Closes a run that can only be finished and cannot be: it puts back what has nothing to do with what
 * was moved, and leaves the rest for the next run and for a person. Throws RUN_REVERSIBLE.
 */
export async function giveRunUp({
  run,
  steps,
  commandLine,
  world,
  emit,
}: OpenRun): Promise<EndedRun> {
  if (!run.irreversible) {
    throw new InfraError({
      code: "RUN_REVERSIBLE",
      message: `run ${run.id} can be undone whole`,
      fix: `Undo it: ${commandLine} --abort`,
      exitCode: exitCodes.needsPerson,
    });
  }
  const log = openStepLog(run.id, world, emit);
  const harmless = steps.map(({ undo, ...step }) => ({
    ...step,
    ...(step.undoIsAlwaysRight === true && undo !== undefined ? { undo } : {}),
  }));
  const leftOver = await undoSteps(harmless, { clock: world.clock, log });
  await closeRun(run, "given up", world);
  return { run, leftOver, exitCode: exitCodes.findings };
}

/** Writes down how a run has ended. */
export async function closeRun(run: RunRecord, outcome: string, world: World): Promise<void> {
  run.state = "closed";
  run.outcome = outcome;
  run.endedAt = new Date(world.clock.now()).toISOString();
  await saveRun(world.cluster, run);
}
