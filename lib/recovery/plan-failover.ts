import { InfraError } from "../errors.ts";
import type { Node, Pod } from "../objects.ts";
import type { ClusterState } from "./state.ts";
import type { MachineRef } from "../world.ts";
import { listRunning } from "../velero/schedules.ts";
import { findSourceBlockers } from "./check-source.ts";
import { checkTarget } from "./check-target.ts";
import {
  type BoundClaim,
  findBoundClaims,
  findOtherClaims,
  findVolumesToPreserve,
  groupByPods,
  readHostname,
} from "./find-volumes.ts";
import { outOfServiceTaint } from "./labels.ts";
import type { FailoverPlan, HostToReach } from "./plan.ts";
import { planGitops } from "./plan-gitops.ts";
import { defaultConcurrency, planTarget } from "./plan-target.ts";
import { countable, findLocation, planUnit, warnOfExpiry } from "./plan-units.ts";
import { refuseStuck } from "./refuse-stuck.ts";

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
  const plannedTarget = planTarget(state, target, blockers);
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
  const git = planGitops(state, { claims: bound, pods: findMovingPods(bound, source), hostname });
  const others = findOtherClaims(state, source, target);
  blockers.push(...others.stuck.map(({ claim, volume }) => refuseStuck(claim, volume, target)));
  const demand = {
    pods: git.pods,
    bytes: units.flatMap((unit) => unit.volumes).reduce((sum, volume) => sum + volume.bytes, 0),
    freeSpaceFactor: request.freeSpaceFactor,
    freeBytes: request.freeBytes,
    restoreImage: request.restoreImage,
  };
  const fitness = checkTarget(state, [source], target, demand);
  blockers.push(...fitness.blockers, ...git.blockers);
  warnings.push(...fitness.warnings, ...git.warnings, ...warnOfExpiry(units, state.now));
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
    target: { ...plannedTarget, ...request.target },
    failedAt: new Date(failedAt).toISOString(),
    preserve: findVolumesToPreserve(state, hostname),
    units,
    movesByItself: others.free,
    gitops: git.applications,
    schedules: listRunning(state.schedules, namespaces),
    backup: { namespaces, location: findLocation(units, state) },
    restoreConcurrency: {
      [target.metadata.name]: request.restoreConcurrency ?? defaultConcurrency(target, state.pods),
    },
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

function findMovingPods(bound: BoundClaim[], source: Node): Pod[] {
  const pods = new Set(countable(bound.flatMap((one) => one.pods)));
  return [...pods].filter(
    ({ spec }) => spec.nodeName === source.metadata.name || spec.nodeName === undefined,
  );
}
