import type { Terminal } from "../cli/terminal.ts";
import type { Site } from "../config/site.ts";
import { exitCodes, hasCode, InfraError } from "../errors.ts";
import type { Host } from "../inventory/load.ts";
import type { World } from "../world.ts";

export interface OpenSite {
  site: Site;
  hosts: Host[];
  world: World;
}

/**
 * Loads the site and its inventory and connects everything a use case may touch. Says first which
 * site and cluster this is about. Throws what loading throws, SITE_WRONG_CLUSTER,
 * SITE_CLUSTER_UNKNOWN, and CLUSTER_* with exit code 2 when the cluster cannot be asked at all.
 */
export async function openWorld(
  flags: { site: string | undefined; kubeconfig: string | undefined },
  terminal: Terminal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<OpenSite> {
  const [config, inventory, cluster, power, ssh, journal, system] = await Promise.all([
    import("../config/site.ts"),
    import("../inventory/load.ts"),
    import("../cluster/connect.ts"),
    import("../power/connect-power.ts"),
    import("../exec/ssh.ts"),
    import("../steps/journal-file.ts"),
    import("../config/system.ts"),
  ]);
  const site = await config.loadSite({ ...flags, env });
  const hosts = await inventory.loadInventory(site.inventoryFolder);
  const connection = await cluster.connectCluster({ kubeconfig: site.kubeconfigFile });
  const world: World = {
    cluster: connection,
    power: power.connectPower(site, env),
    hosts: ssh.connectHosts(hosts, { knownHostsFile: site.sshKnownHostsFile, env }),
    journal: journal.openJournal(site.runsFolder),
    clock: system.systemClock,
    random: system.systemRandom,
  };
  config.checkClusterIdentity(site, await readIdentity(world, cluster.readClusterUid));
  terminal.err(`Site ${site.name} (${site.folder}), cluster ${site.clusterName}\n`);
  return { site, hosts, world };
}

/** The flags of a command line that say where its site is, to be repeated in hints. */
export function listPlace(flags: {
  site: string | undefined;
  kubeconfig: string | undefined;
}): Record<string, string> {
  const { site, kubeconfig } = flags;
  return {
    ...(site === undefined ? {} : { site }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  };
}

/** Before anything was done, a cluster that does not answer is bad input and not a failed run. */
async function readIdentity(
  world: World,
  readClusterUid: (cluster: World["cluster"]) => Promise<string>,
): Promise<string> {
  try {
    return await readClusterUid(world.cluster);
  } catch (error) {
    if (
      !(error instanceof InfraError) ||
      !hasCode(error, "CLUSTER_UNREACHABLE", "CLUSTER_TIMEOUT", "CLUSTER_FORBIDDEN")
    ) {
      throw error;
    }
    throw new InfraError({
      code: error.code,
      message: `${error.message}; nothing was changed`,
      ...(error.why === undefined ? {} : { why: error.why }),
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      exitCode: exitCodes.badInput,
      cause: error,
    });
  }
}
