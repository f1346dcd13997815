import type { Terminal } from "../cli/terminal.ts";
import type { Site } from "../config/site.ts";
import { asRefusal, hasCode, InfraError } from "../errors.ts";
import type { Host } from "../inventory/load.ts";
import type { Cluster, World } from "../world.ts";

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
  const [config, inventory, cluster, power, dns, stack, records, ssh, journal, system] =
    await Promise.all([
      import("../config/site.ts"),
      import("../inventory/load.ts"),
      import("../cluster/connect.ts"),
      import("../power/connect-power.ts"),
      import("../dns/connect-dns.ts"),
      import("../tofu/connect-stack.ts"),
      import("./static-records.ts"),
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
    dns: dns.connectDns(site, env),
    staticRecords: records.connectStaticRecords(site, stack.connectStack(site, env)),
    hosts: ssh.connectHosts(hosts, { knownHostsFile: site.sshKnownHostsFile, env }),
    journal: journal.openJournal(site.runsFolder),
    clock: system.systemClock,
    random: system.systemRandom,
  };
  await checkIdentity(site, connection);
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

/**
 * Sees that a cluster is the site's own. Throws SITE_WRONG_CLUSTER, SITE_CLUSTER_UNKNOWN, and, since
 * nothing was done yet, CLUSTER_* with exit code 2 when it cannot be asked.
 */
export async function checkIdentity(site: Site, cluster: Cluster): Promise<void> {
  const { checkClusterIdentity } = await import("../config/site.ts");
  checkClusterIdentity(site, await readIdentity(cluster));
}

async function readIdentity(cluster: Cluster): Promise<string> {
  const { readClusterUid } = await import("../cluster/connect.ts");
  try {
    return await readClusterUid(cluster);
  } catch (error) {
    const isUnasked = hasCode(error, "CLUSTER_UNREACHABLE", "CLUSTER_TIMEOUT", "CLUSTER_FORBIDDEN");
    throw error instanceof InfraError && isUnasked ? asRefusal(error) : error;
  }
}
