import type { Pod } from "../../objects.ts";
import type { Step } from "../../steps/step.ts";
import { getTarget, type RecoveryUnit } from "../plan.ts";
import { listHolders } from "./claim-holders.ts";
import { cutOverStepId, readyStepId } from "./ids.ts";
import type { Recovery } from "./recovery.ts";

/** Longer than most apps need to start; one that needs more is told, and holds nobody up. */
const limitSeconds = 300;

/**
 * Waits for the pods of a unit on the target. An app may need another one that comes back later, or
 * may have been broken before the outage, so not being Ready in time is a fact and not a failure.
 */
export function awaitReady({ world }: Recovery, unit: RecoveryUnit): Step {
  const target = getTarget(unit);
  const owner = unit.owner ?? "unused claims";
  return {
    id: readyStepId(unit),
    title: `Wait for ${owner} to be Ready on ${target.name}`,
    after: [cutOverStepId(unit)],
    timeoutSeconds: limitSeconds + 60,
    waitsFor: `the pods of ${owner}`,
    async observe() {
      if (unit.pods === 0) return { state: "not-needed", note: "no pod uses these claims" };
      return { state: "open" };
    },
    async act() {},
    async verify(run) {
      const end = world.clock.now() + limitSeconds * 1000;
      return await run.poll<{ ready: boolean; readyAt?: number; pods: string[] }>(async () => {
        const holders = await listHolders(world, unit.volumes);
        const pods = holders.filter((pod) => pod.spec.nodeName === target.name);
        const ready = pods.filter(isReady);
        const states = pods.map((pod) => `${pod.metadata.name} ${pod.status?.phase ?? "unknown"}`);
        if (ready.length >= unit.pods) {
          return { done: { ready: true, readyAt: world.clock.now(), pods: states } };
        }
        if (world.clock.now() >= end) return { done: { ready: false, pods: states } };
        const seen = states.join(", ") || "none made yet";
        return { waiting: `${ready.length} of ${unit.pods} pods Ready; ${seen}` };
      }, 0.1);
    },
  };
}

function isReady(pod: Pod): boolean {
  return (
    pod.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false
  );
}
