import type { Terminal } from "../cli/terminal.ts";
import { InfraError } from "../errors.ts";
import type { NodeWorld } from "../nodes/world.ts";
import type { Outcome, StepResult } from "../steps/execute.ts";
import type { Step } from "../steps/step.ts";

/**
 * Runs steps that look first, and so need no record to be gone on with, while no other command
 * changes the cluster. Throws what ended them, with the exit code of the run, and RUN_LOCKED.
 */
export async function runNodeSteps(
  world: NodeWorld,
  run: { kind: "join" | "remove"; steps: Step[]; beforehand?: () => Promise<void> },
  terminal: Terminal,
): Promise<StepResult[]> {
  const { executeSteps } = await import("../steps/execute.ts");
  const { systemRandom } = await import("../config/system.ts");
  const { showRun } = await import("../cli/show-run.ts");
  const { holdCluster } = await import("../nodes/hold-cluster.ts");
  const { nameHolder } = await import("./name-holder.ts");
  const dialog = { holder: nameHolder(), say: (text: string) => terminal.err(`${text}\n`) };
  return await holdCluster(world, dialog, async (lost) => {
    await run.beforehand?.();
    const view = showRun(terminal, world.clock);
    try {
      const outcome = await executeSteps({
        runId: `${run.kind}-${systemRandom.name(6)}`,
        steps: run.steps,
        world,
        emit: view.emit,
        signal: AbortSignal.any([terminal.interrupted, lost]),
        resumed: false,
        irreversible: false,
        onIrreversible: async () => undefined,
      });
      if (outcome.failure !== undefined) throw describeEnd(outcome, outcome.failure.error);
      return outcome.results;
    } finally {
      view.end();
    }
  });
}

/** What is done and what is not, as a person who did not watch has to know. */
function describeEnd(outcome: Outcome, error: InfraError): InfraError {
  const done = outcome.results.filter(({ state }) => state === "done").map(({ title }) => title);
  const isInterrupted = error.code === "RUN_INTERRUPTED";
  const why = [
    error.why,
    ...(outcome.state === "undone" || done.length === 0 ? [] : [`done so far: ${done.join("; ")}`]),
    ...outcome.leftOver.map((item) => `not undone: ${item}`),
  ].filter((line) => line !== undefined);
  const fix = isInterrupted ? "Run the same command again to go on" : error.fix;
  return new InfraError({
    code: error.code,
    message: error.message,
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(why.length === 0 ? {} : { why: why.join("\n") }),
    ...(fix === undefined ? {} : { fix }),
    exitCode: outcome.exitCode,
    cause: error,
  });
}
