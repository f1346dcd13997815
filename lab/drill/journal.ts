/** A step of a run as its journal tells of it; times in milliseconds since 1970. */
export interface JournalStep {
  id: string;
  title: string;
  startedAt: number;
  /** Undefined when the run ended first. */
  endedAt?: number;
  state: "done" | "skipped" | "failed" | "open";
  facts: Readonly<Record<string, unknown>>;
}

interface Line {
  time: string;
  event: string;
  step?: string;
  title?: string;
  facts?: Record<string, unknown>;
}

const ends: Readonly<Record<string, JournalStep["state"]>> = {
  "step-done": "done",
  "step-skipped": "skipped",
  "step-failed": "failed",
};

/** The steps of one run in the order in which they began; the last attempt of each counts. */
export function parseJournal(text: string): JournalStep[] {
  const steps = new Map<string, JournalStep>();
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const { time, event, step: id, title = "", facts = {} } = JSON.parse(line) as Line;
    if (id === undefined) continue;
    const at = Date.parse(time);
    if (event === "step-started") {
      steps.set(id, { id, title, startedAt: at, state: "open", facts: {} });
      continue;
    }
    const state = ends[event];
    const step = steps.get(id);
    if (state !== undefined && step !== undefined) {
      steps.set(id, { ...step, endedAt: at, state, facts });
    }
  }
  return [...steps.values()].toSorted((a, b) => a.startedAt - b.startedAt);
}
