import { exitCodes, InfraError } from "../../errors.ts";
import { isNodeReady, type Pod } from "../../objects.ts";
import type { World } from "../../world.ts";
import type { PlannedVolume, RestorePlan } from "../plan.ts";
import { listHolders } from "./claim-holders.ts";
import type { Recovery } from "./recovery.ts";
import { letGo } from "./released-claim.ts";
import type { WriterStop } from "./writer-stop.ts";

/**
 * Stops the pods of a unit as their owner would, and waits until their kubelet has said that they
 * ended. The claims are let go of first: a pod on a claim that is being deleted is not started, so
 * the controllers stay up and their next pods wait (kubernetes: pkg/scheduler/framework/plugins/
 * volumebinding, "persistentvolumeclaim is being deleted").
 */
export function stopLivingApp({ world, plan }: Recovery<RestorePlan>): WriterStop {
  return {
    after: ["pause-schedules"],
    seconds: plan.stopSeconds,
    async check(volumes) {
      await checkKubelets(world, await listPlaced(world, volumes));
    },
    async stop(volumes, run) {
      await Promise.all(volumes.map((volume) => letGo(world.cluster, volume)));
      await run.poll(async () => {
        const placed = await listPlaced(world, volumes);
        if (placed.length === 0) return { done: true };
        for (const { metadata } of placed) {
          const { name, namespace = "", uid = "", deletionTimestamp } = metadata;
          if (deletionTimestamp !== undefined) continue;
          await world.cluster.delete({ kind: "Pod", name, namespace }, { uid });
        }
        return { waiting: `${placed.map((pod) => pod.metadata.name).join(", ")} to stop` };
      }, 0.1);
    },
  };
}

/** The pods that hold a claim and were given to a node; the others run nowhere. */
async function listPlaced(world: World, volumes: PlannedVolume[]): Promise<Pod[]> {
  const holders = await listHolders(world, volumes);
  return holders.filter((pod) => pod.spec.nodeName !== undefined);
}

/** Only a living kubelet says that a pod has ended, and is believed. */
async function checkKubelets(world: World, pods: Pod[]): Promise<void> {
  for (const name of new Set(pods.map((pod) => pod.spec.nodeName ?? ""))) {
    const node = await world.cluster.find({ kind: "Node", name });
    if (node !== undefined && isNodeReady(node)) continue;
    throw new InfraError({
      code: "CUTOVER_NODE_DOWN",
      message: `"${name}" is not Ready, so nobody can tell whether its pods have stopped`,
      fix: `Undo this run with --abort; if the host is dead: zx scripts/dr/failover.ts --source-node ${name}`,
      exitCode: exitCodes.needsPerson,
    });
  }
}
