import { hasCode } from "../../errors.ts";
import type { Pod } from "../../objects.ts";
import type { Step } from "../../steps/step.ts";
import type { MergePatch } from "../../world.ts";
import { describeWorkload } from "../explain-gitops.ts";
import type { PinnedWorkload } from "../find-pinned.ts";
import { listPins, type Placement, renderMove, withoutPins } from "../hostname-pin.ts";
import { listHolders } from "./claim-holders.ts";
import type { Failover } from "./recovery.ts";
import { isAllReleased } from "./released-claim.ts";
import { refOf } from "./run-pod.ts";

/**
 * Lets the workloads that Git binds to the source run elsewhere. Only after its proof, since a
 * controller may take a new template as a reason to end the pods that it has.
 */
export function unpinWorkloads(failover: Failover): Step {
  const { plan } = failover;
  const pins = listPinned(failover);
  return {
    id: "unpin-workloads",
    title: `Free the workloads that Git binds to ${plan.source.name}`,
    after: ["fence-source"],
    timeoutSeconds: 60,
    waitsFor: "their templates to name no host",
    async observe() {
      if (pins.length === 0) return { state: "not-needed", note: "Git binds nothing that moves" };
      if (await isAllReleased(failover))
        return { state: "not-needed", note: "all is cut over already" };
      return { state: (await listBound(failover)).length === 0 ? "done" : "open" };
    },
    async act() {
      await freeWorkloads(failover);
    },
    async verify(run) {
      await run.poll(async () => {
        const bound = await listBound(failover);
        if (bound.length === 0) return { done: true };
        await freeWorkloads(failover);
        return { waiting: bound.join(", ") };
      });
      return { freed: pins.map(describeWorkload) };
    },
    async undo() {
      const bound: string[] = [];
      for (const pin of pins) {
        const placement = await findPlacement(failover, pin);
        if (placement === undefined || listPins(placement, pin.hostname).length > 0) continue;
        const back = renderMove(withoutPins(pin.placement, pin.hostname), pin.placement);
        if (await patchTemplate(failover, pin, back)) bound.push(describeWorkload(pin));
      }
      return bound.length === 0 ? undefined : `${bound.join(", ")} bound to its host as before`;
    },
  };
}

/**
 * Takes the source out of the templates, and deletes the pods that were made of them before and are
 * placed nowhere: a StatefulSet replaces no pod that never became Ready.
 */
export async function freeWorkloads(failover: Failover): Promise<void> {
  for (const pin of listPinned(failover)) {
    const placement = await findPlacement(failover, pin);
    if (placement === undefined || listPins(placement, pin.hostname).length === 0) continue;
    const patch = renderMove(placement, withoutPins(placement, pin.hostname));
    await patchTemplate(failover, pin, patch);
  }
  for (const pod of await listStale(failover)) {
    await failover.world.cluster.delete(refOf(pod), { uid: pod.metadata.uid ?? "" });
  }
}

/** What still names the source, for people; empty when all is free. */
async function listBound(failover: Failover): Promise<string[]> {
  const pins = listPinned(failover);
  const placements = await Promise.all(pins.map((pin) => findPlacement(failover, pin)));
  const bound = pins.filter((pin, index) => {
    const placement = placements[index];
    return placement !== undefined && listPins(placement, pin.hostname).length > 0;
  });
  const stale = await listStale(failover);
  return [...bound.map(describeWorkload), ...stale.map((pod) => `Pod ${pod.metadata.name}`)];
}

async function listStale({ world, plan }: Failover): Promise<Pod[]> {
  const [pin] = listPinned({ world, plan });
  if (pin === undefined) return [];
  const holders = await Promise.all(plan.units.map((unit) => listHolders(world, unit.volumes)));
  return holders
    .flat()
    .filter(
      ({ metadata, spec }) =>
        spec.nodeName === undefined &&
        metadata.deletionTimestamp === undefined &&
        listPins(spec, pin.hostname).length > 0,
    );
}

function listPinned({ plan }: Failover): PinnedWorkload[] {
  return plan.gitops.flatMap((one) => one.pins);
}

/** Undefined when the workload was deleted meanwhile. */
async function findPlacement(
  { world }: Failover,
  { kind, namespace, name }: PinnedWorkload,
): Promise<Placement | undefined> {
  const found = await world.cluster.find({ kind, namespace, name });
  return found?.spec?.template?.spec;
}

async function patchTemplate(
  { world }: Failover,
  { kind, namespace, name }: PinnedWorkload,
  placement: MergePatch,
): Promise<boolean> {
  try {
    const spec = { template: { spec: placement } };
    await world.cluster.patch({ kind, namespace, name }, { spec });
    return true;
  } catch (error) {
    if (hasCode(error, "CLUSTER_NOT_FOUND")) return false;
    throw error;
  }
}
