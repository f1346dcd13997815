import { type Component, findVersionFault } from "../config/versions.ts";
import { describeError, type ErrorDetails, hasCode } from "../errors.ts";
import { veleroNamespace } from "../velero/names.ts";
import type { World } from "../world.ts";
import { listVolumes, type RecoveryPlan } from "./plan.ts";

/** Free bytes of a folder's disk on a host; undefined when they could not be read. */
export async function readFreeBytes(
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

/** The restore pod reads what Velero wrote, so only versions that were tried are trusted. */
export async function checkVelero(world: World, component: Component): Promise<ErrorDetails[]> {
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
export async function checkClaims(world: World, plan: RecoveryPlan): Promise<ErrorDetails[]> {
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
