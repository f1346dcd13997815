import type { World } from "../world.ts";
import type { Emit, StepEvent } from "./events.ts";

/** Where the engine tells what happens: the journal on disk first, then the person watching. */
export interface StepLog {
  /** Returns when the event is in the journal. Throws JOURNAL_UNWRITABLE. */
  record(event: StepEvent): Promise<void>;
  /** Bad news and endings: shown even when the journal cannot be written any more. */
  announce(event: StepEvent): Promise<void>;
  /** Shows the event only; for what happens many times a second. */
  show(event: StepEvent): void;
}

/** Joins a run's journal and its audience. */
export function openStepLog(
  runId: string,
  world: Pick<World, "clock" | "journal">,
  emit: Emit,
): StepLog {
  async function append(event: StepEvent, at: number): Promise<void> {
    const { kind, ...facts } = event;
    await world.journal.append(runId, { time: new Date(at).toISOString(), event: kind, ...facts });
  }
  return {
    async record(event) {
      const at = world.clock.now();
      await append(event, at);
      emit({ ...event, at });
    },
    async announce(event) {
      const at = world.clock.now();
      emit({ ...event, at });
      try {
        await append(event, at);
      } catch (error) {
        const note = `not in the journal: ${error instanceof Error ? error.message : String(error)}`;
        if ("step" in event) {
          emit({
            kind: "step-progress",
            step: event.step,
            title: event.title,
            progress: { note },
            at,
          });
        }
      }
    },
    show(event) {
      emit({ ...event, at: world.clock.now() });
    },
  };
}
