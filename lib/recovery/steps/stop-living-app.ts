import { exitCodes, InfraError } from "../../errors.ts";
import { isNodeReady, type Pod } from "../../objects.ts";
import type { World } from "../../world.ts";
import type { PlannedVolume, RestorePlan } from "../plan.ts";
import { listHolders } from "./claim-holders.ts";
import type { Recovery } from "./recovery.ts";
import { claimRef, letGo } from "./released-claim.ts";
import type { WriterStop } from "./writer-stop.ts";

/**
 * Stops the pods of a unit as their owner would. The claims are let go of first: no pod is started on
 * one that is being deleted, so the controllers stay up and their next pods wait for the new claims.
 * And such a claim does not go before its pods' kubelets have said that they ended, which is the proof
 * (kubernetes: pkg/scheduler/framework/plugins/volumebinding, pkg/controller/volume/pvcprotection).
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
        // Asked after the pods: while the old claim is there, none of them can be on the new one.
        if (await isAllGone(world, volumes)) return { done: true };
        for (const { metadata } of placed) {
          const { name, namespace = "", uid = "", deletionTimestamp } = metadata;
          if (deletionTimestamp !== undefined) continue;
          await world.cluster.delete({ kind: "Pod", name, namespace }, { uid });
        }
        return { waiting: `${placed.map((pod) => pod.metadata.name).join(", ")} to stop` };
      }, 0.05);
    },
  };
}

async function isAllGone({ cluster }: World, volumes: PlannedVolume[]): Promise<boolean> {
  const claims = await Promise.all(volumes.map((volume) => cluster.find(claimRef(volume))));
  return claims.every((claim, index) => claim?.metadata.uid !== volumes[index]?.claimUid);
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
