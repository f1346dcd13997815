import type { World } from "../../world.ts";
import type { FailoverPlan } from "../plan.ts";

/** What every step of a recovery works on. */
export interface Recovery {
  world: World;
  plan: FailoverPlan;
}
