import { InfraError } from "../../../lib/errors.ts";
import { type Execution, executeSteps, type Outcome } from "../../../lib/steps/execute.ts";
import type { Step } from "../../../lib/steps/step.ts";
import type { JournalEntry } from "../../../lib/world.ts";
import { createClock, type MemoryClock } from "./clock.ts";

/** A step that notes what is done to it and takes a second. */
export function makeStep(
  id: string,
  log: string[],
  clock: MemoryClock,
  change: Partial<Step> = {},
): Step {
  return {
    id,
    title: `step ${id}`,
    after: [],
    timeoutSeconds: 60,
    waitsFor: "its second",
    async observe() {
      return { state: "open" };
    },
    async act(run) {
      log.push(`${id} acts`);
      await clock.sleep(1, run.signal);
    },
    async verify() {
      log.push(`${id} verified`);
      return { by: id };
    },
    async undo() {
      log.push(`${id} undone`);
      return `${id} put back`;
    },
    ...change,
  };
}

export interface Case {
  outcome: Outcome;
  log: string[];
  journal: JournalEntry[];
  seconds: number;
  irreversible: number;
}

/** Executes the steps that `build` makes on a clock of their own. */
export async function execute(
  build: (log: string[], clock: MemoryClock, journal: JournalEntry[]) => Step[],
  change: Partial<Execution> & { interruptAfter?: number } = {},
): Promise<Case> {
  const clock = createClock();
  const log: string[] = [];
  const journal: JournalEntry[] = [];
  const start = clock.now();
  let irreversible = 0;
  const keyboard = new AbortController();
  if (change.interruptAfter !== undefined)
    clock.after(change.interruptAfter, () => keyboard.abort());
  const outcome = await executeSteps({
    runId: "run1",
    steps: build(log, clock, journal),
    world: { clock, journal: { append: async (_, entry) => void journal.push(entry) } },
    emit: () => undefined,
    signal: keyboard.signal,
    resumed: false,
    irreversible: false,
    async onIrreversible() {
      irreversible += 1;
    },
    ...change,
  });
  return { outcome, log, journal, seconds: (clock.now() - start) / 1000, irreversible };
}

/** The failure that undoes a run. */
export function needsPerson(): InfraError {
  return new InfraError({ code: "TEST_PERSON", message: "a person has to look", exitCode: 3 });
}

/** The failure that leaves a run open. */
export function runAgain(): InfraError {
  return new InfraError({ code: "TEST_FAILED", message: "it failed", exitCode: 4 });
}
