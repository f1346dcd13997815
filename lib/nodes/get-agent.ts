import { InfraError } from "../errors.ts";
import { getHost, type Host } from "../inventory/load.ts";

/** The agent of that name. Throws INVENTORY_HOST_UNKNOWN, and NODE_IS_SERVER with `fix`. */
export function getAgent(hosts: Host[], name: string, fix: string): Host {
  const host = getHost(hosts, name);
  if (host.group === "k3s_workers") return host;
  throw new InfraError({
    code: "NODE_IS_SERVER",
    message: `"${name}" is a server of the cluster; nothing was changed`,
    where: host.place,
    why: "it stands under k3s_masters, and its cluster does not outlive it",
    fix,
  });
}

/** The server that the agents join. */
export function getServer(hosts: readonly Host[]): Host {
  const server = hosts.find(({ group }) => group === "k3s_masters");
  // Loading has refused an inventory without one.
  if (server === undefined) throw new Error("the inventory has no server");
  return server;
}
