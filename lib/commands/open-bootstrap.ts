import { checkOwnMesh, type Way } from "../bootstrap/choose-way.ts";
import type { Link } from "../bootstrap/check.schema.ts";
import type { BootstrapWorld } from "../bootstrap/world.ts";
import type { Terminal } from "../cli/terminal.ts";
import { showPath } from "../config/paths.ts";
import type { Site } from "../config/site.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { Host } from "../inventory/load.ts";
import type { ClusterInventory } from "../inventory/load-cluster.ts";

export interface Bootstrap {
  site: Site;
  hosts: Host[];
  inventory: ClusterInventory;
  world: BootstrapWorld;
  /** Sees that the server's token could be kept. Throws what checkTokenEscrow throws. */
  checkEscrow(): Promise<void>;
  /**
   * Looks at this machine and at those hosts before anything is changed; returns the ways between
   * them. Throws HOSTS_UNFIT, and what checkOwnMesh throws.
   */
  examine(names: readonly string[], signal: AbortSignal): Promise<readonly Link[]>;
}

/**
 * Loads the site, its inventory and its vault, and connects what making a cluster may touch, which
 * need not be there yet. Says first which site this is about. Throws what loading throws.
 */
export async function openBootstrap(
  flags: {
    site: string | undefined;
    kubeconfig: string | undefined;
    via: Way;
    /** Whether the cluster that the site is about is gone, and this one takes its place. */
    rebuild?: boolean;
  },
  terminal: Terminal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Bootstrap> {
  const [config, inventory, load, secrets, planning] = await Promise.all([
    import("../config/site.ts"),
    import("../inventory/load-cluster.ts"),
    import("../inventory/load.ts"),
    import("../secrets/vault.ts"),
    import("../bootstrap/plan-host-checks.ts"),
  ]);
  const site = await config.loadSite({ ...flags, env });
  const cluster = await inventory.loadCluster(site.inventoryFolder);
  const vault = await secrets.loadVault(site, env);
  terminal.err(`Site ${site.name} (${site.folder}), cluster ${site.clusterName}\n`);
  const loadHosts = async () => await load.loadInventory(site.inventoryFolder);
  const world = await connectWorld(site, {
    loadHosts,
    vault,
    env,
    isRebuild: flags.rebuild === true,
  });
  return {
    site,
    hosts: cluster.hosts,
    inventory: cluster,
    world,
    async checkEscrow() {
      const { checkTokenEscrow } = await import("../secrets/escrow.ts");
      await checkTokenEscrow({ site, env });
    },
    async examine(names, signal) {
      const { checkFitness } = await import("../bootstrap/preflight.ts");
      const { readOwnStatus } = await import("../mesh/connect-mesh.ts");
      const plan = planning.planHostChecks(cluster);
      const ask = async () => await readOwnStatus(env);
      if (flags.via !== "public") await checkOwnMesh(ask, plan.mesh);
      const hosts = world.connectHosts(plan.hosts);
      const wanted = secrets
        .addPasswords(plan.hosts, vault ?? {})
        .filter(({ name }) => names.includes(name));
      return await checkFitness({ hosts, clock: world.clock }, { ...plan, hosts: wanted }, signal);
    },
  };
}

async function connectWorld(
  site: Site,
  place: {
    loadHosts: () => Promise<Host[]>;
    vault: Readonly<Record<string, string>> | undefined;
    env: NodeJS.ProcessEnv;
    isRebuild: boolean;
  },
): Promise<BootstrapWorld> {
  const { loadHosts, vault, env, isRebuild } = place;
  const [config, connect, ansible, ssh, journal, system, secrets, escrow] = await Promise.all([
    import("../config/site.ts"),
    import("../cluster/connect.ts"),
    import("../exec/ansible.ts"),
    import("../exec/ssh.ts"),
    import("../steps/journal-file.ts"),
    import("../config/system.ts"),
    import("../secrets/vault.ts"),
    import("../secrets/escrow.ts"),
  ]);
  return {
    clock: system.systemClock,
    journal: journal.openJournal(site.runsFolder),
    playbooks: ansible.connectPlaybooks({
      inventoryFolder: site.inventoryFolder,
      logFolder: site.runsFolder,
      vaultPasswordFile: vault === undefined ? undefined : site.vaultPasswordFile,
      env,
    }),
    loadHosts,
    connectHosts: (hosts) =>
      ssh.connectHosts(secrets.addPasswords(hosts, vault ?? {}), {
        knownHostsFile: site.sshKnownHostsFile,
        env,
      }),
    openCluster: async () => await connect.connectCluster({ kubeconfig: site.kubeconfigFile }),
    async recordCluster(cluster) {
      const uid = await connect.readClusterUid(cluster);
      if (site.kubeSystemUid === undefined || isRebuild) await config.recordClusterUid(site, uid);
      else if (site.kubeSystemUid !== uid) throw anotherCluster(site, uid);
      return uid;
    },
    async escrowToken(token) {
      const now = new Date(system.systemClock.now());
      const replaceAt = isRebuild ? now : undefined;
      return await escrow.escrowServerToken({ site, env }, token, replaceAt);
    },
  };
}

/** The hosts are those of the inventory, and make another cluster than the one that was recorded. */
function anotherCluster(site: Site, uid: string): InfraError {
  return new InfraError({
    code: "SITE_WRONG_CLUSTER",
    message: `these hosts are up as a cluster, but not as the one of site "${site.name}"`,
    where: { file: showPath(site.file) },
    why: `its kube-system has the UID ${uid}, and the site's has ${site.kubeSystemUid}`,
    fix: "If the cluster before is gone for good, and this one takes its place: run the same command again with --rebuild",
    exitCode: exitCodes.failed,
  });
}
