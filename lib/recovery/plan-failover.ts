import { type ErrorDetails, InfraError } from "../errors.ts";
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, Workload } from "../objects.ts";
import type { ClusterState } from "./state.ts";
import type { MachineRef } from "../world.ts";
import { touchesNamespace } from "../velero/schedules.ts";
import { findGitBlockers } from "./check-git.ts";
import { findSourceBlockers } from "./check-source.ts";
import { checkTarget } from "./check-target.ts";
import { findOwner } from "./find-owner.ts";
import {
  type BoundClaim,
  findBoundClaims,
  findOtherClaims,
  findVolumesToPreserve,
  groupByPods,
  readHostname,
} from "./find-volumes.ts";
import { outOfServiceTaint } from "./labels.ts";
import { type ClaimName, describeClaim } from "./names.ts";
import type { FailoverPlan, PlannedVolume, RecoveryUnit } from "./plan.ts";
import { defaultConcurrency, type HostToReach, planTarget } from "./plan-target.ts";
import { planVolume, type VolumeRequest } from "./plan-volume.ts";

/** What a person asked for, and what was read outside the cluster. */
export interface FailoverRequest {
  runId: string;
  source: HostToReach & { machine: MachineRef };
  target: HostToReach;
  /** Name of a Backup, or "latest". */
  backup: string;
  /** Free bytes under the target's storage folder; undefined when they could not be read. */
  freeBytes: number | undefined;
  restoreImage: string;
  freeSpaceFactor: number;
  restoreConcurrency: number | undefined;
}

/**
 * Plans a failover from what the cluster holds; pure. Blockers are part of the plan.
 * Throws CLUSTER_NODE_UNKNOWN when one of the two nodes is not in the cluster.
 */
export function planFailover(state: ClusterState, request: FailoverRequest): FailoverPlan {
  const source = getNode(state, request.source.name);
  const target = getNode(state, request.target.name);
  const blockers = findSourceBlockers(state, source);
  const warnings: string[] = [];
  const hostname = readHostname(source);
  const bound = findBoundClaims(state, hostname);
  const namespaces = [
    ...new Set(bound.map(({ claim }) => claim.metadata.namespace ?? "")),
  ].toSorted();
  const plannedTarget = planTarget(state, target, request.target, blockers);
  const failedAt = readHeartbeat(state, source);
  const volumeRequest = {
    runId: request.runId,
    wanted: request.backup,
    target: plannedTarget,
    failedAt,
  };
  const units = groupByPods(bound).flatMap((group) => {
    const unit = planUnit(group, state, volumeRequest);
    blockers.push(...unit.blockers);
    return unit.planned;
  });
  const movingPods = findMovingPods(bound, source);
  const others = findOtherClaims(state, source, target);
  blockers.push(...others.stuck.map(({ claim, volume }) => refuseStuck(claim, volume, target)));
  const demand = {
    pods: movingPods,
    bytes: units.flatMap((unit) => unit.volumes).reduce((sum, volume) => sum + volume.bytes, 0),
    freeSpaceFactor: request.freeSpaceFactor,
    freeBytes: request.freeBytes,
    restoreImage: request.restoreImage,
  };
  const fitness = checkTarget(state, source, target, demand);
  blockers.push(...fitness.blockers, ...findGitBlockers(state.applications, bound));
  warnings.push(...fitness.warnings, ...warnOfExpiry(units, state.now));
  const internalIp = source.status?.addresses?.find((one) => one.type === "InternalIP")?.address;
  return {
    runId: request.runId,
    source: {
      name: source.metadata.name,
      wasCordoned: source.spec?.unschedulable ?? false,
      wasOutOfService: (source.spec?.taints ?? []).some((one) => one.key === outOfServiceTaint),
      machine: request.source.machine,
      publicIp: request.source.publicIp,
      ...(request.source.meshIp === undefined ? {} : { meshIp: request.source.meshIp }),
      sshPort: request.source.sshPort,
      ...(internalIp === undefined ? {} : { internalIp }),
    },
    target: plannedTarget,
    failedAt: new Date(failedAt).toISOString(),
    preserve: findVolumesToPreserve(state, hostname),
    units,
    movesByItself: others.free,
    schedules: state.schedules
      .filter((schedule) => schedule.spec.paused !== true)
      .filter((schedule) => namespaces.some((one) => touchesNamespace(schedule, one)))
      .map((schedule) => schedule.metadata.name),
    backup: { namespaces, location: findLocation(units, state) },
    restoreConcurrency: request.restoreConcurrency ?? defaultConcurrency(target, state.pods),
    freeSpaceFactor: request.freeSpaceFactor,
    restoreImage: request.restoreImage,
    warnings,
    blockers,
  };
}

function getNode(state: ClusterState, name: string): Node {
  const node = state.nodes.find((one) => one.metadata.name === name);
  if (node !== undefined) return node;
  throw new InfraError({
    code: "CLUSTER_NODE_UNKNOWN",
    message: `node "${name}" is in the inventory but not in the cluster`,
    why: `nodes of the cluster: ${state.nodes.map((one) => one.metadata.name).join(", ")}`,
    fix: "Choose one of them; if the Node object of a dead host was deleted, recover by hand (docs/disaster-recovery.md): its volumes are still there",
  });
}

/** The last sign of life that the control plane has of a node, in milliseconds. */
function readHeartbeat(state: ClusterState, node: Node): number {
  const renewed = state.heartbeats.get(node.metadata.name)?.spec?.renewTime;
  return renewed === undefined ? state.now : Date.parse(renewed);
}

function planUnit(
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
function findTemplate(
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
function countable(pods: Pod[]): Pod[] {
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

function refuseStuck(claim: ClaimName, volume: PersistentVolume, target: Node): ErrorDetails {
  const isHostPath = volume.spec.hostPath !== undefined;
  return {
    code: isHostPath ? "RECOVERY_VOLUME_HOSTPATH" : "RECOVERY_VOLUME_ELSEWHERE",
    message: `claim "${describeClaim(claim)}" does not come along to "${target.metadata.name}"`,
    why: isHostPath
      ? "it is a folder of the host: on another node the app starts on an empty one"
      : `volume "${volume.metadata.name}" may not be used there, and this version does not move its kind`,
    fix: "Recover that workload by its own means, or scale it to 0 first",
  };
}

function findMovingPods(bound: BoundClaim[], source: Node): Pod[] {
  const pods = new Set(countable(bound.flatMap((one) => one.pods)));
  return [...pods].filter(
    ({ spec }) => spec.nodeName === source.metadata.name || spec.nodeName === undefined,
  );
}

/** A restore takes as much time as it takes; a backup that ends within it is worth a word. */
const expirySeconds = 4 * 3600;

function warnOfExpiry(units: RecoveryUnit[], now: number): string[] {
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
function findLocation(units: RecoveryUnit[], { locations }: ClusterState): string {
  const sources = units.flatMap((unit) => unit.volumes).map((volume) => volume.source);
  const from = sources.find((source) => source.kind === "files")?.backup.location ?? "default";
  if (locations.get(from)?.spec.accessMode !== "ReadOnly") return from;
  return [...locations.values()].find(({ spec }) => spec.default === true)?.metadata.name ?? from;
}
