import { type Component, findVersionFault } from "../config/versions.ts";
import {
  describeBlocker,
  describeError,
  type ErrorDetails,
  hasCode,
  InfraError,
} from "../errors.ts";
import type { Change } from "../steps/change.ts";
import { veleroNamespace } from "../velero/names.ts";
import type { MachineRef, World } from "../world.ts";
import { renderSample } from "./evidence.ts";
import { buildFailoverSteps } from "./failover-steps.ts";
import type { FailoverPlan } from "./plan.ts";
import { listVolumes } from "./plan.ts";
import { planFailover } from "./plan-failover.ts";
import { findStoragePath, type HostToReach } from "./plan-target.ts";
import { renderPlan } from "./render-plan.ts";
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
    buildSteps: (plan) => buildFailoverSteps(world, plan),
    lanes: (plan) => ({ restore: plan.restoreConcurrency }),
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
  const [fence, claims, velero] = await Promise.all([
    checkFence(world, plan),
    checkClaims(world, plan),
    checkVelero(world, options.velero),
  ]);
  plan.blockers.push(...fence, ...claims, ...velero);
  if (options.withEvidence) {
    const { samples, verdict } = await sampleUntilClear({ world, plan }, () => undefined);
    plan.evidence = { verdict: verdict.is, why: verdict.why, samples: samples.map(renderSample) };
  }
  return plan;
}

async function readFreeBytes(
  world: World,
  host: string,
  path: string,
): Promise<number | undefined> {
  try {
    return await world.hosts.readFreeBytes(host, path);
  } catch (error) {
    if (hasCode(error, "HOSTS_UNREACHABLE", "HOSTS_FAILED")) return undefined;
    throw error;
  }
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

/** The restore pod reads what Velero wrote, so only versions that were tried are trusted. */
async function checkVelero(world: World, component: Component): Promise<ErrorDetails[]> {
  const name = "velero";
  const found = await world.cluster.find({ kind: "Deployment", name, namespace: veleroNamespace });
  const image = found?.spec?.template?.spec?.containers[0]?.image;
  const version = /:v?(\d+\.\d+\.\d+[^@]*)/.exec(image ?? "")?.[1];
  const fault =
    version === undefined
      ? `its Deployment "${veleroNamespace}/${name}" does not tell a version`
      : findVersionFault(component, version);
  if (fault === undefined) return [];
  return [
    {
      code: "VELERO_VERSION_UNTESTED",
      message: `Velero ${version ?? "of unknown version"} wrote the backups`,
      why: fault,
      fix: `Run Velero ${component.version} (config/versions.yaml)`,
    },
  ];
}

/** Lets the API server judge every new claim (quota, limits, webhooks) without keeping it. */
async function checkClaims(world: World, plan: FailoverPlan): Promise<ErrorDetails[]> {
  const found = await Promise.all(
    listVolumes(plan).map(async ({ newClaim }): Promise<ErrorDetails[]> => {
      const trial = structuredClone(newClaim);
      trial.metadata.name = `dr-check-${newClaim.metadata.name}`.slice(0, 253).replace(/\W+$/, "");
      try {
        await world.cluster.create(trial, { dryRun: true });
        return [];
      } catch (error) {
        // The old claim still counts against the quota; it makes room when it goes.
        if (hasCode(error, "CLUSTER_EXISTS", "CLUSTER_QUOTA")) return [];
        if (!hasCode(error, "CLUSTER_INVALID", "CLUSTER_FORBIDDEN")) throw error;
        const { namespace, name } = newClaim.metadata;
        return [
          {
            code: "RECOVERY_CLAIM_REFUSED",
            message: `the API server would refuse claim "${namespace}/${name}" on the target`,
            why: describeError(error),
            fix: "Lift what refuses it (LimitRange, webhook, policy), then run again",
          },
        ];
      }
    }),
  );
  return found.flat();
}
