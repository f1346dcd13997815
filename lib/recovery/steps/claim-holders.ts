import { exitCodes, InfraError } from "../../errors.ts";
import type { Pod } from "../../objects.ts";
import type { World } from "../../world.ts";
import { listClaimNames } from "../find-volumes.ts";
import { describeClaim } from "../names.ts";
import type { PlannedVolume } from "../plan.ts";

/**
 * Force-deletes the pods on the dead node that name a claim: any such pod, finished ones too, keeps
 * the claim from going, and a claim that is being deleted cannot be taken back.
 */
export async function clearHolders(
  world: World,
  volumes: PlannedVolume[],
  node: string,
): Promise<void> {
  for (const pod of await listHolders(world, volumes)) {
    const { name, namespace = "", uid = "", finalizers = [] } = pod.metadata;
    if (pod.spec.nodeName === undefined) continue;
    if (finalizers.length > 0 || pod.spec.nodeName !== node) {
      throw new InfraError({
        code: "CUTOVER_CLAIM_HELD",
        message: `pod "${namespace}/${name}" on ${pod.spec.nodeName} holds a claim that is to move`,
        why:
          finalizers.length > 0
            ? `it has the finalizer ${finalizers.join(", ")}`
            : "it is on another node",
        fix: "Delete the pod, then run the same command again",
        exitCode: exitCodes.halfDone,
      });
    }
    await world.cluster.delete({ kind: "Pod", name, namespace }, { uid, gracePeriodSeconds: 0 });
  }
}

/** Every pod, in any phase, that names one of the claims, which are all of one namespace. */
export async function listHolders(world: World, volumes: PlannedVolume[]): Promise<Pod[]> {
  const [first] = volumes;
  if (first === undefined) return [];
  const claims = new Set(volumes.map((volume) => volume.claim.name));
  const pods = await world.cluster.list("Pod", { namespace: first.claim.namespace });
  return pods.filter((pod) => listClaimNames(pod).some((name) => claims.has(name)));
}

/** What a claim that does not go is waiting for. */
export async function explainHeld(world: World, volume: PlannedVolume): Promise<string> {
  const pods = await listHolders(world, [volume]);
  const holders = pods.filter((pod) => pod.spec.nodeName !== undefined);
  const who = holders.map((pod) => pod.metadata.name).join(", ");
  return `the old claim ${describeClaim(volume.claim)} to go${who === "" ? "" : `, held by ${who}`}`;
}
