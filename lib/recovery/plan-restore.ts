import type { ErrorDetails } from "../errors.ts";
import { isNodeReady, type Node, type Pod } from "../objects.ts";
import { touchesNamespace } from "../velero/schedules.ts";
import { findAmbiguity } from "./check-generation.ts";
import { findGitBlockers } from "./check-git.ts";
import { checkTarget } from "./check-target.ts";
import { findVolumesToPreserve, readHostname } from "./find-volumes.ts";
import type { RecoveryUnit, RestorePlan, TargetNode } from "./plan.ts";
import { defaultConcurrency, planTarget } from "./plan-target.ts";
import { countable, findLocation, planUnit, warnOfExpiry } from "./plan-units.ts";
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
  { groups, leftAlone }: Selection,
  request: RestoreRequest,
): RestorePlan {
  const { runId, backup, freeSpaceFactor, restoreImage } = request;
  const blockers: ErrorDetails[] = [...findUnreadLocations(state), ...findDownNodes(groups)];
  const warnings: string[] = [];
  const units: RecoveryUnit[] = [];
  const restoreConcurrency: Record<string, number> = {};
  const moving = listPods(groups);
  // What moves makes room for itself.
  const others = { ...state, pods: state.pods.filter((pod) => !moving.includes(pod)) };
  for (const [target, ofTarget] of groupByTarget(groups, request.target)) {
    const planned = planTarget(state, target, blockers);
    const own = ofTarget.flatMap((group) =>
      planGroup(group, state, { runId, wanted: backup, target: planned }, blockers),
    );
    const fitness = checkTarget(others, [...new Set(ofTarget.map(({ node }) => node))], target, {
      pods: listPods(ofTarget),
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
    schedules: state.schedules
      .filter((schedule) => schedule.spec.paused !== true)
      .filter((schedule) => namespaces.some((one) => touchesNamespace(schedule, one)))
      .map((schedule) => schedule.metadata.name),
    backup: { namespaces, location: findLocation(units) },
    restoreConcurrency,
    freeSpaceFactor,
    restoreImage,
    stopSeconds: Math.max(0, ...moving.map(readGracePeriod)),
    leftAlone,
    warnings: [...warnings, ...warnOfExpiry(units, state.now)],
    blockers: [...blockers, ...findGitBlockers(state.applications, claims)],
  };
}

function planGroup(
  { claims }: ClaimGroup,
  state: ClusterState,
  request: { runId: string; wanted: string; target: TargetNode },
  blockers: ErrorDetails[],
): RecoveryUnit[] {
  const unit = planUnit(claims, state, { ...request, failedAt: state.now });
  blockers.push(...unit.blockers);
  if (request.wanted === "latest") {
    const volumes = unit.planned.flatMap((one) => one.volumes);
    blockers.push(...claims.flatMap((claim) => findAmbiguity(claim, volumes, state)));
  }
  return unit.planned;
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
