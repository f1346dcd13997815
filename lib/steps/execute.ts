import { describeError, type ExitCode, exitCodes, hasCode, InfraError } from "../errors.ts";
import type { World } from "../world.ts";
import type { Emit } from "./events.ts";
import { asStepError, runStep, undoSteps } from "./run-step.ts";
import { openStepLog } from "./step-log.ts";
import { type Facts, orderSteps, type Step } from "./step.ts";

export interface StepResult {
  id: string;
  title: string;
  state: "done" | "skipped" | "failed";
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt: number;
  facts: Facts;
}

export interface Outcome {
  state: "done" | "undone" | "failed" | "half-done" | "interrupted";
  exitCode: ExitCode;
  failure?: { step: string; error: InfraError };
  results: StepResult[];
  /** What the run could not put back, one sentence each; empty but after a failed undo. */
  leftOver: string[];
}

export interface Execution {
  runId: string;
  steps: Step[];
  world: Pick<World, "clock" | "journal">;
  emit: Emit;
  /** How many steps of a lane may run at once; a lane that is not named has no limit. */
  lanes?: Record<string, number>;
  /** Aborted by the keyboard, or with RUN_LOCK_LOST when another process took the lock. */
  signal: AbortSignal;
  /** Whether this goes on with a run that an earlier process began. */
  resumed: boolean;
  /** Whether that process has entered the irreversible zone. */
  irreversible: boolean;
  /** Called once, and awaited, before the first irreversible act. */
  onIrreversible(): Promise<void>;
}

/**
 * Runs the steps in their order, independent ones at once. Never throws for what a step throws:
 * the outcome says how the run ended. A failure that needs a person (exit code 2 or 3) before the
 * first irreversible act undoes the run; any other failure leaves it for a second run. From that act
 * on, a failure ends only the steps that wait for the failed one.
 */
export async function executeSteps(execution: Execution): Promise<Outcome> {
  const { world, signal } = execution;
  const steps = orderSteps(execution.steps);
  const log = openStepLog(execution.runId, world, execution.emit);
  const environment = { clock: world.clock, log };
  const done = new Set<string>();
  const started = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const results: StepResult[] = [];
  const stop = new AbortController();
  let irreversible = execution.irreversible;
  let failure: Outcome["failure"];

  async function enterIrreversible(): Promise<void> {
    if (irreversible) return;
    await execution.onIrreversible();
    irreversible = true;
  }

  async function start(step: Step): Promise<void> {
    const name = { id: step.id, title: step.title };
    const startedAt = world.clock.now();
    // An irreversible act that has begun is finished even if another step fails meanwhile or
    // somebody presses Ctrl-C: its half-way states are the dangerous ones.
    const signals = step.irreversible ? [] : [stop.signal, signal];
    try {
      const ran = await runStep(step, environment, signals, enterIrreversible);
      done.add(step.id);
      results.push({ ...name, ...ran, startedAt, endedAt: world.clock.now() });
    } catch (thrown) {
      const error = asStepError(thrown, step);
      const onlyToldToStop = signals.some((one) => one.aborted && one.reason === thrown);
      results.push({ ...name, state: "failed", facts: {}, startedAt, endedAt: world.clock.now() });
      if (onlyToldToStop) return;
      failure ??= { step: step.id, error };
      // Past the first irreversible act there is no way back, so only what waits for this step is
      // given up: the other workloads still come back.
      if (!irreversible) stop.abort(error);
      await log.announce({
        kind: "step-failed",
        step: step.id,
        title: step.title,
        code: error.code,
        error: describeError(error),
      });
    }
  }

  function canStart(step: Step): boolean {
    if (started.has(step.id) || !step.after.every((id) => done.has(id))) return false;
    const limit = step.lane === undefined ? undefined : execution.lanes?.[step.lane];
    const busy = steps.filter((other) => other.lane === step.lane && running.has(other.id)).length;
    return limit === undefined || busy < limit;
  }

  await log.record({ kind: "run-started", runId: execution.runId, resumed: execution.resumed });
  for (;;) {
    for (const step of steps) {
      if (stop.signal.aborted || signal.aborted || !canStart(step)) continue;
      started.add(step.id);
      running.set(
        step.id,
        start(step).finally(() => running.delete(step.id)),
      );
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }

  if (failure === undefined && done.size < steps.length) {
    failure = readInterruption(signal);
  }
  const outcome = await endRun();
  await log.announce({
    kind: "run-ended",
    runId: execution.runId,
    outcome: outcome.state,
    exitCode: outcome.exitCode,
  });
  return outcome;

  async function endRun(): Promise<Outcome> {
    const base = { results, leftOver: [], ...(failure === undefined ? {} : { failure }) };
    if (failure === undefined) return { ...base, state: "done", exitCode: exitCodes.done };
    if (hasCode(failure.error, "RUN_INTERRUPTED")) {
      return { ...base, state: "interrupted", exitCode: exitCodes.interrupted };
    }
    if (irreversible) return { ...base, state: "half-done", exitCode: exitCodes.halfDone };
    // Without the lock another process may be going on with this very run.
    const lockLost = signal.aborted && hasCode(signal.reason, "RUN_LOCK_LOST");
    if (lockLost || failure.error.exitCode > exitCodes.needsPerson) {
      return { ...base, state: "failed", exitCode: exitCodes.failed };
    }
    const leftOver = await undoSteps(steps, environment);
    return leftOver.length === 0
      ? { ...base, state: "undone", exitCode: exitCodes.needsPerson }
      : { ...base, leftOver, state: "failed", exitCode: exitCodes.failed };
  }
}

function readInterruption(signal: AbortSignal): NonNullable<Outcome["failure"]> {
  if (signal.reason instanceof InfraError) return { step: "run", error: signal.reason };
  const error = new InfraError({
    code: "RUN_INTERRUPTED",
    message: "interrupted",
    fix: "Run the same command again to go on, or with --abort to undo",
    exitCode: exitCodes.interrupted,
  });
  return { step: "run", error };
}
