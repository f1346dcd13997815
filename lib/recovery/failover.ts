import type { Component } from "../config/versions.ts";
import { describeBlocker, type ErrorDetails, InfraError } from "../errors.ts";
import type { Change } from "../steps/change.ts";
import type { MachineRef, World } from "../world.ts";
import { renderSample } from "./evidence.ts";
import { buildFailoverSteps } from "./failover-steps.ts";
import { listLanes } from "./fill-steps.ts";
import type { FailoverPlan, HostToReach } from "./plan.ts";
import { planFailover } from "./plan-failover.ts";
import { findStoragePath } from "./plan-target.ts";
import { checkClaims, checkVelero, readFreeBytes } from "./preflight.ts";
import { renderPlan } from "./render-plan.ts";
import type { DnsWay } from "./dns-way.ts";
import { planNames } from "./plan-names.ts";
import { readClusterState } from "./state.ts";
import { readMachine } from "./steps/fence-source.ts";
import { sampleUntilClear } from "./steps/judge-source.ts";

export interface FailoverOptions {
  source: HostToReach & { machine: MachineRef };
  target: HostToReach;
  /** Name of a Backup, or "latest". */
  backup: string;
  restoreImage: string;
  /** What is known of Velero's versions. */
  velero: Component;
  freeSpaceFactor: number;
  /** Undefined: as many as the target's cores and memory carry. */
  restoreConcurrency: number | undefined;
  /** Who changes static records; a run that goes on may be given another way. */
  dns: DnsWay;
  /** Whether the plan is to show the evidence too, which takes at least 10 s. */
  withEvidence: boolean;
  /** The flags that say where the site is, for the command lines in messages. */
  place: Record<string, string>;
}

/**
 * A failover as a change for the step engine. Throws RECOVERY_SAME_NODE when source and target are
 * one.
 */
export function createFailover(world: World, options: FailoverOptions): Change<FailoverPlan> {
  const { source, target, backup } = options;
  if (source.name === target.name) {
    throw new InfraError({
      code: "RECOVERY_SAME_NODE",
      message: `source and target are both "${source.name}"`,
      fix: "Name another --target-node",
    });
  }
  return {
    command: "scripts/dr/failover.ts",
    arguments: {
      "source-node": source.name,
      "target-node": target.name,
      ...(backup === "latest" ? {} : { backup }),
    },
    place: options.place,
    confirmName: source.name,
    makePlan: (runId) => makePlan(world, options, runId),
    renderPlan,
    findBlockers: (plan) => plan.blockers.map((details) => new InfraError(details)),
    buildSteps: (plan) => buildFailoverSteps(world, plan, options.dns),
    lanes: listLanes,
  };
}

async function makePlan(
  world: World,
  options: FailoverOptions,
  runId: string,
): Promise<FailoverPlan> {
  const state = await readClusterState(world);
  const storagePath = findStoragePath(state.localPathConfig, options.target.name);
  const freeBytes =
    storagePath === undefined
      ? undefined
      : await readFreeBytes(world, options.target.name, storagePath);
  const plan = planFailover(state, { ...options, runId, freeBytes });
  const [fence, claims, velero, dns] = await Promise.all([
    checkFence(world, plan),
    checkClaims(world, plan),
    checkVelero(world, options.velero),
    planNames(world, plan, options.dns),
  ]);
  const { names, warnings, blockers } = dns;
  if (names !== undefined) plan.names = names;
  plan.warnings.push(...warnings);
  plan.blockers.push(...fence, ...claims, ...velero, ...blockers);
  if (options.withEvidence) {
    const { samples, verdict } = await sampleUntilClear({ world, plan }, () => undefined);
    plan.evidence = { verdict: verdict.is, why: verdict.why, samples: samples.map(renderSample) };
  }
  return plan;
}

/** Without a fence that will work, nothing should be started at all. */
async function checkFence(world: World, plan: FailoverPlan): Promise<ErrorDetails[]> {
  try {
    await readMachine(world, plan);
    return [];
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    return [describeBlocker(error)];
  }
}
