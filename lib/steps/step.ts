/** What a look at the world says before a step acts. */
export type Observation =
  /** There is something to do. */
  | { state: "open"; note?: string }
  /** It is so already, by an earlier run or by somebody else. */
  | { state: "done"; note?: string }
  /** This run has no use for the step; the note says why. */
  | { state: "not-needed"; note: string };

export interface Progress {
  /** What is being waited for, or happening, right now. */
  note?: string;
  bytesDone?: number;
  bytesTotal?: number;
}

/** Facts a step leaves in the journal and in the report; never a secret. */
export type Facts = Record<string, unknown>;

export type PollResult<T> = { done: T } | { waiting: string };

/** What the engine hands to a step that acts. */
export interface StepRun {
  /** Aborted at the step's timeout, at an interruption, and when another step has failed. */
  signal: AbortSignal;
  report(progress: Progress): void;
  /**
   * Calls `probe` until it is done; what it waits for is shown, and is part of the error when
   * the step times out. Throws what `probe` throws, or the signal's reason.
   */
  poll<T>(probe: () => Promise<PollResult<T>>, everySeconds?: number): Promise<T>;
}

/**
 * One change to the world. `observe`, `act`, `verify` and `undo` may each run again after a crash
 * at any point, so they look first and hold no state between calls.
 */
export interface Step {
  /** kebab-case, unique in its list: `fence-source`, `restore:demo/data`. */
  id: string;
  title: string;
  /** Steps that must have ended well before this one starts; those without an order run at once. */
  after: string[];
  /** Steps of one lane run at most so many at a time as the plan allows for that lane. */
  lane?: string;
  /** From the first act of such a step on, the run can only be finished, not undone. */
  irreversible?: true;
  /** Limit of observe, act and verify together, in seconds; undo has 300 s at most. */
  timeoutSeconds: number;
  /** What the step waits for, as in "timed out waiting for ...". */
  waitsFor: string;
  observe(): Promise<Observation>;
  /** May return facts that only the act itself can know; those of verify win. */
  act(run: StepRun): Promise<Facts | void>;
  /** Proves that the act had its effect; also run when the observation says `done`. */
  verify(run: StepRun): Promise<Facts>;
  /**
   * Puts back what this run changed and proves it; says what it did, or undefined when there was
   * nothing to put back.
   */
  undo?(run: StepRun): Promise<string | undefined>;
  /** Whether the undo is right also where an irreversible step has acted: it touches nothing of that. */
  undoIsAlwaysRight?: true;
}

/**
 * Throws a plain Error, a defect, when ids repeat, an `after` names no step, or the order has a
 * cycle; returns the steps in an order that respects `after`.
 */
export function orderSteps(steps: Step[]): Step[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  if (byId.size !== steps.length) throw new Error("two steps have the same id");
  const ordered: Step[] = [];
  const state = new Map<string, "open" | "done">();
  function visit(id: string): void {
    const step = byId.get(id);
    if (step === undefined) throw new Error(`a step comes after "${id}", which is not in the list`);
    if (state.get(id) === "done") return;
    if (state.get(id) === "open") throw new Error(`step "${id}" comes after itself`);
    state.set(id, "open");
    for (const earlier of step.after) visit(earlier);
    state.set(id, "done");
    ordered.push(step);
  }
  for (const step of steps) visit(step.id);
  return ordered;
}
