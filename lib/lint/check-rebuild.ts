import { type Claim, type ClaimUser, findUsers, keyOf } from "../manifests/claims.ts";
import { getList, getText } from "../manifests/manifest.ts";
import {
  rebuildAnnotation,
  rebuildFromAnnotation,
  recoveryAnnotation,
} from "../manifests/recovery-annotations.ts";
import type { RepositoryFault } from "./rule.ts";

/** Whether a claim is made again from another one, and so needs no copy of its own. */
export function isRebuilt({ annotations }: Claim): boolean {
  return annotations[recoveryAnnotation] === "rebuild";
}

/** Why a claim could not be made again as its annotations promise; undefined when it could. */
export function checkRebuild(
  claim: Claim,
  claims: ReadonlyMap<string, Claim>,
  users: ReadonlyMap<string, ClaimUser[]>,
): RepositoryFault | undefined {
  const { manifest, annotations, name } = claim;
  const from = annotations[rebuildFromAnnotation];
  const at = [...claim.at, "metadata", "annotations"];
  const missing = [rebuildFromAnnotation, rebuildAnnotation].find(
    (key) => typeof annotations[key] !== "string" || annotations[key] === "",
  );
  if (missing !== undefined || typeof from !== "string") {
    return {
      code: "PVC_REBUILD",
      manifest,
      at: [...at, recoveryAnnotation],
      message: `claim "${name}" is to be made again, and it is not said how`,
      why: `The annotation ${missing} is not there, and a failover stops at this claim (RECOVERY_REBUILD_INCOMPLETE).`,
      fix: `Add ${missing}, or leave ${recoveryAnnotation} out`,
    };
  }
  const source = claims.get(keyOf(manifest, from));
  if (source === undefined || isRebuilt(source)) {
    return {
      code: "PVC_REBUILD",
      manifest,
      at: [...at, rebuildFromAnnotation],
      part: "value",
      message:
        source === undefined
          ? `there is no claim "${from}" that "${name}" could be made from`
          : `claim "${from}", from which "${name}" is made, is made again itself`,
      why: "What it is made from has to be in a backup. A claim of a StatefulSet is called <template>-<StatefulSet>-<number>.",
      fix: "Name the claim that holds the dump or the base backup",
    };
  }
  const sources = users.get(keyOf(manifest, from)) ?? [];
  if (findUsers(claim, users).some((user) => mountsBoth(user, sources))) return undefined;
  return {
    code: "PVC_REBUILD",
    manifest,
    at: [...at, rebuildFromAnnotation],
    part: "value",
    message: `no container mounts both "${name}" and "${from}"`,
    why: "The command runs as the container that mounts both, in its image and with its rights (RECOVERY_REBUILD_INCOMPLETE).",
    fix: "Mount both claims in one container",
  };
}

function mountsBoth({ workload, pod, volume }: ClaimUser, sources: readonly ClaimUser[]): boolean {
  const wanted = sources.filter((one) => one.workload === workload).map((one) => one.volume);
  return getList(pod.spec, "containers").some((container) => {
    const mounted = getList(container, "volumeMounts").map((mount) => getText(mount, "name"));
    return mounted.includes(volume) && wanted.some((one) => mounted.includes(one));
  });
}
