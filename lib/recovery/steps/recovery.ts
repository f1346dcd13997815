import type { World } from "../../world.ts";
import type { FailoverPlan, RecoveryPlan } from "../plan.ts";

/** What every step of a recovery works on. */
export interface Recovery<Plan extends RecoveryPlan = RecoveryPlan> {
  world: World;
  plan: Plan;
}

/** What the steps work on that are about the dead node. */
export type Failover = Recovery<FailoverPlan>;
