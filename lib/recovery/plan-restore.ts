import type { ErrorDetails } from "../errors.ts";
import { isNodeReady, type Node, type Pod } from "../objects.ts";
import { listRunning } from "../velero/schedules.ts";
import { findAmbiguity } from "./check-generation.ts";
import { findGitBlockers, warnOfUnseen } from "./check-git.ts";
import { checkTarget } from "./check-target.ts";
import { findOtherClaims, findVolumesToPreserve, readHostname } from "./find-volumes.ts";
import { findRivals } from "./place-pod.ts";
import type { RecoveryUnit, RestorePlan, TargetNode } from "./plan.ts";
import { defaultConcurrency, planTarget } from "./plan-target.ts";
import { countable, findLocation, planUnit, warnOfExpiry } from "./plan-units.ts";
import { refuseStuck } from "./refuse-stuck.ts";
import type { ClaimGroup, Selection } from "./select-claims.ts";
import type { ClusterState } from "./state.ts";

/** What a person asked for, and what was read outside the cluster. */
export interface RestoreRequest {
  runId: string;
  /** Undefined for everything that a cluster before this one had. */
  app: string | undefined;
  /** Name of a Backup, "latest" or "earlier". */
  backup: string;
  /** Undefined: each volume stays on its node. */
  target: Node | undefined;
  /** Free bytes under the storage folder of each target; undefined where they could not be read. */
  freeBytes: Map<string, number | undefined>;
  restoreImage: string;
  freeSpaceFactor: number;
  restoreConcurrency: number | undefined;
}

/** Plans a restore from what the cluster holds; pure. Blockers are part of the plan. */
export function planRestore(
  state: ClusterState,
  { groups: wanted, leftAlone, notRestored }: Selection,
  request: RestoreRequest,
): RestorePlan {
  const { runId, freeSpaceFactor, restoreImage } = request;
  const { planned, blockers, refused } = sortOut(wanted, state, request);
  const groups = planned.map(({ group }) => group);
  const warnings: string[] = [];
  const units: RecoveryUnit[] = [];
  const restoreConcurrency: Record<string, number> = {};
  const moving = listPods(groups);
  // What moves makes room for itself.
  const others = state.pods.filter((pod) => !moving.includes(pod));
  for (const [target, ofTarget] of groupByTarget(groups, request.target)) {
    const own = planned.filter(({ group }) => ofTarget.includes(group)).flatMap((one) => one.units);
    if (request.target !== undefined) blockers.push(...findStuck(ofTarget, state, target));
    const pods = listPods(ofTarget);
    const coming = pods.map((pod) => ({
      ...pod,
      spec: { ...pod.spec, nodeName: target.metadata.name },
    }));
    blockers.push(...findCrowding(coming, target, state.nodes));
    const sources = [...new Set(ofTarget.map(({ node }) => node))];
    const fitness = checkTarget({ ...state, pods: others }, sources, target, {
      pods,
      bytes: own.flatMap((unit) => unit.volumes).reduce((sum, volume) => sum + volume.bytes, 0),
      freeSpaceFactor,
      freeBytes: request.freeBytes.get(target.metadata.name),
      restoreImage,
    });
    blockers.push(...fitness.blockers);
    warnings.push(...fitness.warnings);
    restoreConcurrency[target.metadata.name] =
      request.restoreConcurrency ?? defaultConcurrency(target, state.pods);
    units.push(...own);
  }
  const claims = groups.flatMap((group) => group.claims);
  const namespaces = [...new Set(units.map((unit) => unit.namespace))].toSorted();
  return {
    runId,
    app: request.app,
    plannedAt: new Date(state.now).toISOString(),
    preserve: [...new Set(groups.map(({ node }) => readHostname(node)))]
      .flatMap((hostname) => findVolumesToPreserve(state, hostname))
      .filter(({ name }) => claims.some(({ volume }) => volume.metadata.name === name)),
    units,
    schedules: listRunning(state.schedules, namespaces),
    backup: { namespaces, location: findLocation(units, state) },
    restoreConcurrency,
    freeSpaceFactor,
    restoreImage,
    stopSeconds: Math.max(0, ...moving.map(readGracePeriod)),
    leftAlone,
    notRestored: [...notRestored, ...refused],
    warnings: [
      ...warnings,
      ...warnOfUnseen(state.applications, claims),
      ...warnOfExpiry(units, state.now),
    ],
    blockers,
  };
}

interface PlannedGroup {
  group: ClaimGroup;
  units: RecoveryUnit[];
}

/**
 * The groups that can be restored, and what forbids the others: the whole plan when they were asked for
 * by name, and only themselves when everything was.
 */
function sortOut(
  groups: readonly ClaimGroup[],
  state: ClusterState,
  { app, backup, runId, target }: RestoreRequest,
): { planned: PlannedGroup[]; blockers: ErrorDetails[]; refused: string[] } {
  const blockers = findUnreadLocations(state);
  const refused: string[] = [];
  const planned: PlannedGroup[] = [];
  for (const [node, ofTarget] of groupByTarget(groups, target)) {
    const known = planTarget(state, node, blockers);
    for (const group of ofTarget) {
      const plan = planGroup(group, state, { runId, wanted: backup, target: known });
      const found = [
        ...findDownNodes([group]),
        ...plan.blockers,
        ...findGitBlockers(state.applications, group.claims),
      ];
      if (found.length === 0 || app !== undefined) {
        blockers.push(...found);
        planned.push({ group, units: plan.units });
        continue;
      }
      refused.push(
        ...found.map(({ message, why }) => (why === undefined ? message : `${message}: ${why}`)),
      );
    }
  }
  return { planned, blockers, refused };
}

function planGroup(
  { claims }: ClaimGroup,
  state: ClusterState,
  request: { runId: string; wanted: string; target: TargetNode },
): { units: RecoveryUnit[]; blockers: ErrorDetails[] } {
  const { planned, blockers } = planUnit(claims, state, { ...request, failedAt: state.now });
  const isNamed = request.wanted !== "latest" && request.wanted !== "earlier";
  const volumes = planned.flatMap((unit) => unit.volumes);
  const ambiguous = isNamed ? [] : claims.flatMap((claim) => findAmbiguity(claim, volumes, state));
  return { units: planned, blockers: [...blockers, ...ambiguous] };
}

/** What the pods use besides, and would miss on another node. */
function findStuck(
  groups: readonly ClaimGroup[],
  state: ClusterState,
  target: Node,
): ErrorDetails[] {
  return groups.flatMap(({ claims, node }) => {
    const pods = claims.flatMap((claim) => claim.pods);
    const { stuck } = findOtherClaims({ ...state, pods }, node, target);
    return stuck.map(({ claim, volume }) => refuseStuck(claim, volume, target));
  });
}

/** Pods that may not run on one node beside each other, and would all be sent there. */
function findCrowding(pods: Pod[], target: Node, nodes: Node[]): ErrorDetails[] {
  return pods.flatMap((pod) => {
    const rivals = findRivals(pod, target, nodes, pods);
    if (rivals.length === 0) return [];
    const { namespace, name } = pod.metadata;
    return [
      {
        code: "RECOVERY_TARGET_NOT_ALLOWED",
        message: `pod "${namespace}/${name}" may not run on "${target.metadata.name}" beside ${rivals.map((one) => one.metadata.name).join(", ")}`,
        why: "they go there together, and its anti-affinity forbids it",
        fix: "Leave --target-node out, so that each stays on its node",
      },
    ];
  });
}

/** The nodes that something goes to, with what goes there. */
export function groupByTarget(
  groups: readonly ClaimGroup[],
  target: Node | undefined,
): Map<Node, ClaimGroup[]> {
  return Map.groupBy(groups, ({ node }) => target ?? node);
}

/** The pods that will be stopped and started anew. */
function listPods(groups: readonly ClaimGroup[]): Pod[] {
  const pods = new Set(groups.flatMap(({ claims }) => claims.flatMap((claim) => claim.pods)));
  return countable([...pods]);
}

/** Kubernetes' own default (pkg/apis/core/v1/defaults.go). */
const defaultGraceSeconds = 30;

function readGracePeriod({ spec }: Pod): number {
  return spec.terminationGracePeriodSeconds ?? defaultGraceSeconds;
}

/** Before Velero has read the bucket, nobody knows what is in it. */
function findUnreadLocations({ locations }: ClusterState): ErrorDetails[] {
  return [...locations.values()]
    .filter(({ status }) => status?.lastSyncedTime === undefined)
    .map(({ metadata, status }) => ({
      code: "RECOVERY_BUCKET_UNREAD",
      message: `Velero has not read storage location "${metadata.name}" yet`,
      why: `the location is ${status?.phase ?? "new"}, and which backups it holds is not known here`,
      fix: `Wait a minute, and run the same command again; if it stays so: kubectl -n velero describe backupstoragelocation ${metadata.name}`,
    }));
}

/** Only a living kubelet can stop a pod and say so. */
function findDownNodes(groups: readonly ClaimGroup[]): ErrorDetails[] {
  const nodes = [...new Set(groups.map(({ node }) => node))].filter((node) => !isNodeReady(node));
  return nodes.map(({ metadata: { name } }) => ({
    code: "RECOVERY_APP_NODE_DOWN",
    message: `the app's node "${name}" is not Ready`,
    why: "its pods cannot be stopped, and may still write",
    fix: `Bring the host back; if it is dead: zx scripts/dr/failover.ts --source-node ${name} --target-node NODE`,
  }));
}
