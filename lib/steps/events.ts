import type { Facts, Progress } from "./step.ts";

/** What a run tells while it goes on; every formatter has one case per kind. */
export type StepEvent =
  | { kind: "run-started"; runId: string; resumed: boolean }
  | { kind: "step-started"; step: string; title: string }
  | { kind: "step-progress"; step: string; title: string; progress: Progress }
  | { kind: "step-skipped"; step: string; title: string; note: string }
  | { kind: "step-done"; step: string; title: string; already: boolean; facts: Facts }
  | { kind: "step-failed"; step: string; title: string; code: string; error: string }
  | { kind: "undo-done"; step: string; title: string; note: string }
  | { kind: "undo-failed"; step: string; title: string; error: string }
  | { kind: "run-ended"; runId: string; outcome: string; exitCode: number };

/** An event with the time it happened at, milliseconds since 1970. */
export type TimedEvent = StepEvent & { at: number };

export type Emit = (event: TimedEvent) => void;
