import { isAddress } from "../inventory/cidr.ts";
import type { Host } from "../inventory/load.ts";
import type { ClusterInventory } from "../inventory/load-cluster.ts";
import type { CheckHostsOptions } from "./check-hosts.ts";

export interface HostChecksPlan {
  /** Those that can be reached by what the inventory says of them, each name once. */
  hosts: Host[];
  /** The limits that the roles will hold the hosts against, too. */
  options: Pick<CheckHostsOptions, "minFreeBytes" | "allowCgroupV1" | "networks">;
  /** tailscale until something else is said. */
  mesh: string;
}

/** What to hold the hosts of an inventory against, by its own variables. */
export function planHostChecks(cluster: ClusterInventory | undefined): HostChecksPlan {
  const hosts = (cluster?.hosts ?? []).filter(
    ({ name, publicIp, meshIp }, index, all) =>
      all.findIndex((one) => one.name === name) === index &&
      isAddress(publicIp) &&
      (meshIp === undefined || isAddress(meshIp)),
  );
  const [first] = hosts;
  const find = (name: string) => cluster?.findVariable(first?.name ?? "", name);
  const [gigabytes, mesh] = [find("k3s_min_free_gb"), find("mesh")];
  return {
    hosts,
    mesh: typeof mesh === "string" ? mesh : "tailscale",
    options: {
      networks: cluster?.networks ?? [],
      allowCgroupV1: find("k3s_allow_cgroup_v1") === true,
      ...(typeof gigabytes === "number" ? { minFreeBytes: gigabytes * 1e9 } : {}),
    },
  };
}
