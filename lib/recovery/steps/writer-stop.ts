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
  /**
   * Ends everybody who writes to the volumes, or tells them to end: a claim does not go before. Called
   * again and again while one stays.
   */
  stop(volumes: PlannedVolume[], run: StepRun): Promise<void>;
}
