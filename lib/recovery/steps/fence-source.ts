import { describeError, exitCodes, InfraError } from "../../errors.ts";
import type { Step } from "../../steps/step.ts";
import type { Machine, World } from "../../world.ts";
import { findTaint } from "./patch-node.ts";
import { outOfServiceTaint } from "../labels.ts";
import type { FailoverPlan } from "../plan.ts";
import type { Failover } from "./recovery.ts";
import { isAllReleased } from "./released-claim.ts";

/** A provider that takes longer than this to switch a machine off does not do it. */
const limitSeconds = 90;

/** "off" is believed when it is read so many times in a row, a second apart. */
const wantedReads = 2;

/**
 * The proof that the source does not write any more (F3): its provider is told to cut the power,
 * and says twice that it is off. Any failure here undoes the run, since without proof nothing may
 * be moved.
 */
export function fenceSource({ world, plan }: Failover): Step {
  const { source } = plan;
  return {
    id: "fence-source",
    title: `Switch ${source.name} off at its provider (proof F3)`,
    after: ["quarantine-source", "pause-schedules", "pause-gitops"],
    timeoutSeconds: limitSeconds * 2,
    waitsFor: `${source.machine.provider} to say that ${source.name} is off`,
    async observe() {
      if (await isAllReleased({ world, plan }))
        return { state: "not-needed", note: "all is cut over already" };
      const node = await world.cluster.find({ kind: "Node", name: source.name });
      // A node that is out of service was proven off; it may only have been booted by a person since.
      if (findTaint(node, outOfServiceTaint) !== undefined) {
        const machine = await world.power.find(source.machine);
        return machine?.state === "off"
          ? { state: "done" }
          : { state: "open", note: "it is on again" };
      }
      return { state: "open" };
    },
    async act(run) {
      const machine = await readMachine(world, plan);
      if (machine.state === "off") return;
      try {
        await world.power.stop(source.machine);
      } catch (error) {
        throw unproven(plan, `the stop order failed: ${describeError(error)}`, error);
      }
      run.report({ note: "stop ordered" });
    },
    async verify(run) {
      const end = world.clock.now() + limitSeconds * 1000;
      let reads = 0;
      await run.poll(async () => {
        const { state } = await readMachine(world, plan);
        reads = state === "off" ? reads + 1 : 0;
        if (reads >= wantedReads) return { done: true };
        if (world.clock.now() >= end)
          throw unproven(
            plan,
            `a stop was ordered and may still take effect, but it says "${state}"`,
          );
        return { waiting: `${source.machine.provider} says "${state}"` };
      }, 1);
      return { proof: "F3", machine: source.machine, provenAt: world.clock.now() };
    },
    async undo() {
      const machine = await world.power.find(source.machine).catch(() => undefined);
      return machine?.state === "running"
        ? undefined
        : `${source.name} is not switched on again: ${source.machine.provider} says "${machine?.state ?? "nothing"}"`;
    },
  };
}

/** Throws FENCE_WRONG_MACHINE when the provider's machine is not the node. */
export async function readMachine(world: World, plan: FailoverPlan): Promise<Machine> {
  const { machine: ref, publicIp, name } = plan.source;
  let machine: Machine | undefined;
  try {
    machine = await world.power.find(ref);
  } catch (error) {
    throw unproven(plan, `its state cannot be read: ${describeError(error)}`, error);
  }
  if (machine?.addresses.includes(publicIp) === true) return machine;
  throw new InfraError({
    code: "FENCE_WRONG_MACHINE",
    message: `machine ${ref.id} of ${ref.provider} is not "${name}"`,
    why:
      machine === undefined
        ? `${ref.provider} has no machine of that id`
        : `it has the addresses ${machine.addresses.join(", ")}, the inventory says ${publicIp}`,
    fix: `Correct provider_id or public_ip of ${name} in the inventory`,
    exitCode: exitCodes.needsPerson,
  });
}

function unproven(plan: FailoverPlan, why: string, cause?: unknown): InfraError {
  const { provider, id } = plan.source.machine;
  return new InfraError({
    code: "FENCE_NOT_PROVEN",
    message: `there is no proof that "${plan.source.name}" is off`,
    why,
    fix: `Switch machine ${id} off in the console of ${provider}, then run the same command again`,
    exitCode: exitCodes.needsPerson,
    ...(cause === undefined ? {} : { cause }),
  });
}
