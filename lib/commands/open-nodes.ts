import type { Way } from "../bootstrap/choose-way.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { NodeWorld } from "../nodes/world.ts";
import type { Bootstrap } from "./open-bootstrap.ts";

export interface OpenNodes extends Pick<Bootstrap, "site" | "inventory" | "examine"> {
  world: NodeWorld;
}

/** Flags of the commands that bring a host in or take one out, for whatever they do. */
export interface NodeFlags {
  site: string | undefined;
  kubeconfig: string | undefined;
  via: Way;
}

/**
 * Loads what there is without the cluster, lets `check` look at it, and then connects the cluster.
 * Says first which site this is about. Throws what openBootstrap, connectCluster and checkIdentity
 * throw.
 */
export async function openNodes(
  flags: NodeFlags,
  terminal: Terminal,
  check: (hosts: Bootstrap["hosts"]) => unknown,
  env: NodeJS.ProcessEnv = process.env,
): Promise<OpenNodes> {
  const [bootstrap, open, inventories] = await Promise.all([
    import("./open-bootstrap.ts"),
    import("./open-world.ts"),
    import("../inventory/forget-host.ts"),
  ]);
  const { site, inventory, examine, world } = await bootstrap.openBootstrap(flags, terminal, env);
  check(inventory.hosts);
  const cluster = await world.openCluster();
  await open.checkIdentity(site, cluster);
  const { clock, journal, playbooks, loadHosts, connectHosts } = world;
  return {
    site,
    inventory,
    examine,
    world: {
      cluster,
      clock,
      journal,
      playbooks,
      loadHosts,
      connectHosts,
      checkForgettable: async (name) =>
        await inventories.checkForgettable(site.inventoryFolder, name),
      forgetHost: async (name) => await inventories.forgetHost(site.inventoryFolder, name),
    },
  };
}
