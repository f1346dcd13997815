import type { StepRun } from "../../steps/step.ts";
import type { PlannedVolume } from "../plan.ts";

/** How a cut-over makes sure that nobody writes to the volumes that it takes the claims from. */
export interface WriterStop {
  /** Steps that must have ended well before. */
  after: string[];
  /** How long the stopping itself may take, beside all else. */
  seconds: number;
  /** Looks once more before there is no way back; throws where the stopping could not be proven. */
  check(volumes: PlannedVolume[]): Promise<void>;
  /** Returns when no process that writes to the volumes is left. */
  stop(volumes: PlannedVolume[], run: StepRun): Promise<void>;
}
