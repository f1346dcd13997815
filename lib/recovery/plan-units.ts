import type { ErrorDetails } from "../errors.ts";
import type { PersistentVolumeClaim, Pod, Workload } from "../objects.ts";
import { findOwner } from "./find-owner.ts";
import type { BoundClaim } from "./find-volumes.ts";
import { describeClaim } from "./names.ts";
import type { PlannedVolume, RecoveryUnit } from "./plan.ts";
import { planVolume, type VolumeRequest } from "./plan-volume.ts";
import type { ClusterState } from "./state.ts";

/** Plans the claims that some pods use together; what forbids it comes beside. */
export function planUnit(
  group: BoundClaim[],
  state: ClusterState,
  request: VolumeRequest,
): { planned: RecoveryUnit[]; blockers: ErrorDetails[] } {
  const blockers: ErrorDetails[] = [];
  const pods = [...new Set(group.flatMap((bound) => bound.pods))];
  // Those that have ended need nobody who makes them again; they are deleted at the cut-over.
  const owners = pods.filter(isRunning).map((pod) => findOwner(pod, state));
  blockers.push(...owners.flatMap((one) => ("blocker" in one ? [one.blocker] : [])));
  const owner = owners.find((one) => "owner" in one);
  const volumes: PlannedVolume[] = [];
  for (const bound of group) {
    const template = findTemplate(owner?.template, bound.claim.metadata.name);
    const result = planVolume(bound, template, state, request);
    if ("blocker" in result) blockers.push(result.blocker);
    else volumes.push(result.planned);
  }
  blockers.push(...findMissingSources(volumes));
  const namespace = group[0]?.claim.metadata.namespace ?? "";
  return {
    planned:
      volumes.length === 0
        ? []
        : [
            {
              namespace,
              ...(owner === undefined ? {} : { owner: owner.owner }),
              pods: countable(pods).length,
              volumes,
            },
          ],
    blockers,
  };
}

/** The wish that a StatefulSet would make the claim `<template>-<set>-<ordinal>` from again. */
export function findTemplate(
  set: Workload | undefined,
  claimName: string,
): PersistentVolumeClaim | undefined {
  return set?.spec?.volumeClaimTemplates?.find(({ metadata }) => {
    const prefix = `${metadata.name}-${set.metadata.name}-`;
    return claimName.startsWith(prefix) && /^\d+$/.test(claimName.slice(prefix.length));
  });
}

/**
 * The pods that there will be again: an evicted pod of a dead node stays for ever beside the one
 * that its ReplicaSet made instead, while a StatefulSet makes no other as long as it is there.
 */
export function countable(pods: Pod[]): Pod[] {
  const running = pods.filter(isRunning);
  const living = running.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const ownerOf = (pod: Pod): string | undefined =>
    pod.metadata.ownerReferences?.find((one) => one.controller === true)?.uid;
  const replaced = new Set(living.map(ownerOf));
  return running.filter((pod) => living.includes(pod) || !replaced.has(ownerOf(pod)));
}

function isRunning(pod: Pod): boolean {
  return !["Succeeded", "Failed"].includes(pod.status?.phase ?? "");
}

/** A rebuild needs the folder that its source claim is restored into. */
function findMissingSources(volumes: PlannedVolume[]): ErrorDetails[] {
  return volumes.flatMap(({ claim, source }) => {
    if (source.kind !== "rebuild") return [];
    const found = volumes.some(
      (one) => one.claim.name === source.from.name && one.source.kind === "files",
    );
    if (found) return [];
    return [
      {
        code: "RECOVERY_REBUILD_NO_SOURCE",
        message: `claim "${describeClaim(claim)}" is rebuilt from "${source.from.name}", which is not restored`,
        why: "that claim is not on the same node, or has no usable backup itself",
        fix: "Let the two claims be used by one pod, with the source claim backed up",
      },
    ];
  });
}

/** A restore takes as much time as it takes; a backup that ends within it is worth a word. */
const expirySeconds = 4 * 3600;

/** A word on the backups that are about to go. */
export function warnOfExpiry(units: RecoveryUnit[], now: number): string[] {
  return units
    .flatMap((unit) => unit.volumes)
    .flatMap(({ source }) => {
      if (source.kind !== "files" || source.backup.expiresAt === undefined) return [];
      const { backup, expiresAt } = source.backup;
      if (Date.parse(expiresAt) - now > expirySeconds * 1000) return [];
      return [`backup "${backup}" expires at ${expiresAt}`];
    });
}

/** Where the next backup goes: where the last one came from, unless that is only read any more. */
export function findLocation(units: RecoveryUnit[], { locations }: ClusterState): string {
  const sources = units.flatMap((unit) => unit.volumes).map((volume) => volume.source);
  const from = sources.find((source) => source.kind === "files")?.backup.location ?? "default";
  if (locations.get(from)?.spec.accessMode !== "ReadOnly") return from;
  return [...locations.values()].find(({ spec }) => spec.default === true)?.metadata.name ?? from;
}
