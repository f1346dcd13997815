import type { BootstrapWorld } from "../bootstrap/init-cluster.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { Site } from "../config/site.ts";
import type { Host } from "../inventory/load.ts";

/**
 * Loads the site and its inventory and connects what making a cluster may touch, which need not be
 * there yet. Says first which site this is about. Throws what loading throws.
 */
export async function openBootstrap(
  flags: { site: string | undefined; kubeconfig: string | undefined },
  terminal: Terminal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ site: Site; hosts: Host[]; world: BootstrapWorld }> {
  const [config, inventory, cluster, ansible, journal, system] = await Promise.all([
    import("../config/site.ts"),
    import("../inventory/load.ts"),
    import("../cluster/connect.ts"),
    import("../exec/ansible.ts"),
    import("../steps/journal-file.ts"),
    import("../config/system.ts"),
  ]);
  const site = await config.loadSite({ ...flags, env });
  const loadHosts = async () => await inventory.loadInventory(site.inventoryFolder);
  const hosts = await loadHosts();
  terminal.err(`Site ${site.name} (${site.folder}), cluster ${site.clusterName}\n`);
  const world: BootstrapWorld = {
    clock: system.systemClock,
    journal: journal.openJournal(site.runsFolder),
    playbooks: ansible.connectPlaybooks({
      inventoryFolder: site.inventoryFolder,
      logFolder: site.runsFolder,
      env,
    }),
    loadHosts,
    openCluster: async () => await cluster.connectCluster({ kubeconfig: site.kubeconfigFile }),
    async recordCluster(connection) {
      const uid = await cluster.readClusterUid(connection);
      if (site.kubeSystemUid === undefined) await config.recordClusterUid(site, uid);
      else config.checkClusterIdentity(site, uid);
      return uid;
    },
  };
  return { site, hosts, world };
}
