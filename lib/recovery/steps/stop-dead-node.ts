import { exitCodes, InfraError } from "../../errors.ts";
import type { World } from "../../world.ts";
import type { FailoverPlan } from "../plan.ts";
import { clearHolders } from "./claim-holders.ts";
import { readMachine } from "./fence-source.ts";
import { keepGitOff } from "./pause-gitops.ts";
import type { Failover } from "./recovery.ts";
import type { WriterStop } from "./writer-stop.ts";

/** The writers are off with their machine; what is left of them in the API goes by force. */
export function stopDeadNode({ world, plan }: Failover): WriterStop {
  return {
    after: ["declare-out-of-service"],
    seconds: 0,
    async check() {
      await checkStillOff(world, plan);
    },
    async stop(volumes, run) {
      // Before the pods go: they are made again of what the templates say then.
      await keepGitOff({ world, plan }, run);
      await Promise.all([
        keepCordoned(world, plan.source.name),
        clearHolders(world, volumes, plan.source.name),
      ]);
    },
  };
}

/** The proof may be hours old: a restore takes as long as it takes. */
async function checkStillOff(world: World, plan: FailoverPlan): Promise<void> {
  const { state } = await readMachine(world, plan);
  if (state === "off") return;
  throw new InfraError({
    code: "CUTOVER_SOURCE_ON",
    message: `"${plan.source.name}" is on again, and may write`,
    why: `${plan.source.machine.provider} says "${state}"`,
    fix: "Run the same command again: it is switched off anew; the claims are where they were",
    exitCode: exitCodes.needsPerson,
  });
}

/** A source that became schedulable again would take the waiting pods at the wrong moment. */
async function keepCordoned(world: World, node: string): Promise<void> {
  const found = await world.cluster.find({ kind: "Node", name: node });
  if (found === undefined || found.spec?.unschedulable === true) return;
  await world.cluster.patch({ kind: "Node", name: node }, { spec: { unschedulable: true } });
}
