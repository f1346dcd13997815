import type { Component } from "../config/versions.ts";
import { InfraError } from "../errors.ts";
import type { Node } from "../objects.ts";
import type { Change } from "../steps/change.ts";
import type { World } from "../world.ts";
import { listLanes } from "./fill-steps.ts";
import type { RestorePlan } from "./plan.ts";
import { groupByTarget, planRestore } from "./plan-restore.ts";
import { findStoragePath } from "./plan-target.ts";
import { checkClaims, checkVelero, readFreeBytes } from "./preflight.ts";
import { renderRestorePlan } from "./render-restore-plan.ts";
import { buildRestoreSteps } from "./restore-steps.ts";
import { selectApp, selectEarlier } from "./select-claims.ts";
import { type ClusterState, readClusterState } from "./state.ts";

export interface RestoreOptions {
  /** A namespace, an Application, or NAMESPACE/WORKLOAD; undefined for all that was there before. */
  app: string | undefined;
  /** Name of a Backup, "latest", or "earlier": from before the claim was made. */
  backup: string;
  /** Undefined: each volume stays on its node. */
  targetNode: string | undefined;
  /** What has to be typed when there is no app. */
  clusterName: string;
  restoreImage: string;
  /** What is known of Velero's versions. */
  velero: Component;
  freeSpaceFactor: number;
  /** Undefined: as many as the target's cores and memory carry. */
  restoreConcurrency: number | undefined;
  /** The flags that say where the site is, for the command lines in messages. */
  place: Record<string, string>;
}

/** A restore of living workloads as a change for the step engine. */
export function createRestore(world: World, options: RestoreOptions): Change<RestorePlan> {
  const { app, backup, targetNode } = options;
  return {
    command: "scripts/dr/restore-workload.ts",
    arguments: {
      ...(app === undefined ? { all: "" } : { app, backup }),
      ...(targetNode === undefined ? {} : { "target-node": targetNode }),
    },
    place: options.place,
    confirmName: app ?? options.clusterName,
    makePlan: (runId) => makePlan(world, options, runId),
    renderPlan: renderRestorePlan,
    findBlockers: (plan) => plan.blockers.map((details) => new InfraError(details)),
    buildSteps: (plan) => buildRestoreSteps(world, plan),
    lanes: listLanes,
  };
}

/** Throws RECOVERY_APP_UNKNOWN, and CLUSTER_NODE_UNKNOWN for a target that is not in the cluster. */
async function makePlan(
  world: World,
  options: RestoreOptions,
  runId: string,
): Promise<RestorePlan> {
  const { app, targetNode } = options;
  const state = await readClusterState(world);
  const target = targetNode === undefined ? undefined : getNode(state, targetNode);
  const selection = app === undefined ? selectEarlier(state) : selectApp(state, app);
  const backup = app === undefined ? "earlier" : options.backup;
  const freeBytes = await readAllFreeBytes(world, state, [
    ...groupByTarget(selection.groups, target).keys(),
  ]);
  const plan = planRestore(state, selection, { ...options, runId, backup, target, freeBytes });
  const [claims, velero] = await Promise.all([
    checkClaims(world, plan),
    checkVelero(world, options.velero),
  ]);
  plan.blockers.push(...claims, ...velero);
  return plan;
}

function getNode(state: ClusterState, name: string): Node {
  const node = state.nodes.find((one) => one.metadata.name === name);
  if (node !== undefined) return node;
  throw new InfraError({
    code: "CLUSTER_NODE_UNKNOWN",
    message: `there is no node "${name}" in the cluster`,
    why: `its nodes: ${state.nodes.map((one) => one.metadata.name).join(", ")}`,
    fix: "Choose one of them as --target-node",
  });
}

async function readAllFreeBytes(
  world: World,
  state: ClusterState,
  nodes: readonly Node[],
): Promise<Map<string, number | undefined>> {
  const entries = nodes.map(async ({ metadata: { name } }) => {
    const path = findStoragePath(state.localPathConfig, name);
    const free = path === undefined ? undefined : await readFreeBytes(world, name, path);
    return [name, free] as const;
  });
  return new Map(await Promise.all(entries));
}
