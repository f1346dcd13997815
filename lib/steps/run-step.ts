import { describeError, exitCodes, InfraError } from "../errors.ts";
import type { World } from "../world.ts";
import type { StepLog } from "./step-log.ts";
import { type Facts, orderSteps, type Step, type StepRun } from "./step.ts";

/** Putting back waits for nothing but pods to end, whatever the step itself may wait for. */
const undoSeconds = 300;

/** What running a step needs beside the step. */
export interface StepEnvironment {
  clock: World["clock"];
  log: StepLog;
}

/**
 * Observes, acts if need be, and verifies. Throws what the step throws, STEP_TIMEOUT, or the
 * reason of the first of `signals` that is aborted. `beforeIrreversible` is awaited before an
 * irreversible act.
 */
export async function runStep(
  step: Step,
  environment: StepEnvironment,
  signals: AbortSignal[],
  beforeIrreversible: () => Promise<void>,
): Promise<{ state: "done" | "skipped"; facts: Facts }> {
  const { log } = environment;
  const name = { step: step.id, title: step.title };
  await log.record({ kind: "step-started", ...name });
  return await withDeadline(step, environment, signals, async (run) => {
    const seen = await step.observe();
    if (seen.state === "not-needed") {
      await log.record({ kind: "step-skipped", ...name, note: seen.note });
      return { state: "skipped", facts: {} };
    }
    let acted: Facts | void = undefined;
    if (seen.state === "open") {
      if (step.irreversible) await beforeIrreversible();
      acted = await step.act(run);
    }
    const facts = { ...acted, ...(await step.verify(run)) };
    await log.record({ kind: "step-done", ...name, already: seen.state === "done", facts });
    return { state: "done", facts };
  });
}

/**
 * Undoes every step, the last one first, whether or not this process was the one that ran it;
 * goes on after a failure. Returns what could not be put back, one sentence each.
 */
export async function undoSteps(steps: Step[], environment: StepEnvironment): Promise<string[]> {
  const { log } = environment;
  const leftOver: string[] = [];
  for (const step of orderSteps(steps).toReversed()) {
    const { undo } = step;
    if (undo === undefined) continue;
    const name = { step: step.id, title: step.title };
    try {
      const limited = { ...step, timeoutSeconds: Math.min(step.timeoutSeconds, undoSeconds) };
      const note = await withDeadline(limited, environment, [], (run) => undo.call(step, run));
      if (note !== undefined) await log.announce({ kind: "undo-done", ...name, note });
    } catch (error) {
      leftOver.push(`${step.title}: ${describeError(error)}`);
      await log.announce({ kind: "undo-failed", ...name, error: describeError(error) });
    }
  }
  return leftOver;
}

/** A step's error in the one shape that reaches a person; what is not an InfraError is a defect. */
export function asStepError(error: unknown, step: Step): InfraError {
  if (error instanceof InfraError) return error;
  return new InfraError({
    code: "STEP_FAILED",
    message: `"${step.title}" failed`,
    why: describeError(error),
    fix: "Run the same command again, and report this: it is a defect of infra-k3s",
    exitCode: exitCodes.failed,
    cause: error,
  });
}

async function withDeadline<T>(
  step: Step,
  { clock, log }: StepEnvironment,
  signals: AbortSignal[],
  body: (run: StepRun) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const timeout = new AbortController();
  let lastNote: string | undefined;
  clock.sleep(step.timeoutSeconds, ended.signal).then(
    () => timeout.abort(timeoutError(step, lastNote)),
    () => undefined,
  );
  const signal = AbortSignal.any([timeout.signal, ...signals]);
  const run: StepRun = {
    signal,
    report(progress) {
      lastNote = progress.note ?? lastNote;
      log.show({ kind: "step-progress", step: step.id, title: step.title, progress });
    },
    async poll(probe, everySeconds = 0.5) {
      // Of this poll alone: a step may wait for several things at once.
      let told: string | undefined;
      for (;;) {
        signal.throwIfAborted();
        const result = await probe();
        if ("done" in result) return result.done;
        if (result.waiting !== told) run.report({ note: result.waiting });
        told = result.waiting;
        await clock.sleep(everySeconds, signal);
      }
    },
  };
  try {
    return await body(run);
  } finally {
    ended.abort();
    // What the step began beside what failed must not go on behind the run's back.
    timeout.abort(new Error("the step has ended"));
  }
}

function timeoutError(step: Step, lastNote: string | undefined): InfraError {
  return new InfraError({
    code: "STEP_TIMEOUT",
    message: `"${step.title}" timed out after ${step.timeoutSeconds} s waiting for ${step.waitsFor}`,
    ...(lastNote === undefined ? {} : { why: `last seen: ${lastNote}` }),
    fix: "Look at what it waited for, then run the same command again",
    exitCode: exitCodes.failed,
  });
}
