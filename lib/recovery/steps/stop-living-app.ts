import { exitCodes, InfraError } from "../../errors.ts";
import { isNodeReady, type Pod } from "../../objects.ts";
import type { World } from "../../world.ts";
import { findPodFinalizer } from "../check-claim.ts";
import type { PlannedVolume, RecoveryUnit, RestorePlan } from "../plan.ts";
import { listHolders } from "./claim-holders.ts";
import { fillStepId } from "./ids.ts";
import type { Recovery } from "./recovery.ts";
import { claimRef, letGo } from "./released-claim.ts";
import type { WriterStop } from "./writer-stop.ts";

/**
 * Stops the pods of a unit as their owner would. The claims are let go of first: no pod is started on
 * one that is being deleted, so the controllers stay up and their next pods wait for the new claims.
 * And such a claim does not go before its pods do, which their kubelets delete once they have ended
 * (kubernetes: pkg/scheduler/framework/plugins/volumebinding, pkg/controller/volume/pvcprotection).
 * The units of a namespace are one app to the person who asked, so none is stopped before the data of
 * all of them is there.
 */
export function stopLivingApp(
  { world, plan }: Recovery<RestorePlan>,
  { namespace }: RecoveryUnit,
): WriterStop {
  const fills = plan.units
    .filter((unit) => unit.namespace === namespace)
    .flatMap((unit) => unit.volumes.map(fillStepId));
  return {
    after: ["pause-schedules", ...fills],
    seconds: plan.stopSeconds,
    async check(volumes) {
      const pods = await listPlaced(world, volumes);
      checkFinalizers(pods);
      await checkKubelets(world, pods);
    },
    async stop(volumes) {
      await Promise.all(volumes.map((volume) => letGo(world.cluster, volume)));
      const placed = await listPlaced(world, volumes);
      // Asked after the pods: while an old claim is there, none of its pods can be on the new one.
      if (!(await isOneLeft(world, volumes))) return;
      for (const { metadata } of placed) {
        const { name, namespace: where = "", uid = "", deletionTimestamp } = metadata;
        if (deletionTimestamp !== undefined) continue;
        await world.cluster.delete({ kind: "Pod", name, namespace: where }, { uid });
      }
    },
  };
}

async function isOneLeft({ cluster }: World, volumes: PlannedVolume[]): Promise<boolean> {
  const claims = await Promise.all(volumes.map((volume) => cluster.find(claimRef(volume))));
  return claims.some((claim, index) => claim?.metadata.uid === volumes[index]?.claimUid);
}

/** The pods that hold a claim and were given to a node; the others run nowhere. */
async function listPlaced(world: World, volumes: PlannedVolume[]): Promise<Pod[]> {
  const holders = await listHolders(world, volumes);
  return holders.filter((pod) => pod.spec.nodeName !== undefined);
}

function checkFinalizers(pods: Pod[]): void {
  const found = pods.map(findPodFinalizer).find((fault) => fault !== undefined);
  if (found !== undefined) throw new InfraError({ ...found, exitCode: exitCodes.needsPerson });
}

/** Only a living kubelet says that a pod has ended, and is believed. */
async function checkKubelets(world: World, pods: Pod[]): Promise<void> {
  for (const name of new Set(pods.map((pod) => pod.spec.nodeName ?? ""))) {
    const node = await world.cluster.find({ kind: "Node", name });
    if (node !== undefined && isNodeReady(node)) continue;
    throw new InfraError({
      code: "CUTOVER_NODE_DOWN",
      message: `"${name}" is not Ready, so nobody can tell whether its pods have stopped`,
      fix: `Bring the host back, then run the same command again. If it is dead, end this run (--abort, or --give-up where something was moved), then: zx scripts/dr/failover.ts --source-node ${name} --target-node NODE`,
      exitCode: exitCodes.needsPerson,
    });
  }
}
