import { diskFiles, type FileTree } from "../config/file-tree.ts";
import { throwAll } from "../config/load-yaml.ts";
import type { InfraError } from "../errors.ts";
import type { Cidr } from "./cidr.ts";
import { findFaults } from "./find-faults.ts";
import { type Host, readInventory } from "./load.ts";
import { checkNetworks, findNetworks } from "./rules/networks.ts";
import { type LocatedVariable, readVariables } from "./variables.ts";

/** An inventory with the variables of its hosts. */
export interface ClusterInventory {
  hosts: Host[];
  /** The networks of pods and services. */
  networks: { name: "cluster_cidr" | "service_cidr"; network: Cidr }[];
  /** What a variable is for a host; undefined when it is not set, or encrypted. */
  findVariable(host: string, name: string): unknown;
}

/**
 * Loads all of an inventory folder: hosts.yml, mesh addresses, group_vars and host_vars. Throws what
 * readCluster throws and, as CONFIG_INVALID when there are several, the mistakes that it finds.
 */
export async function loadCluster(folder: string): Promise<ClusterInventory> {
  const { file, mistakes, ...cluster } = await readCluster(folder);
  throwAll(file, mistakes);
  return cluster;
}

/**
 * The same with its mistakes, which are those that loadInventory throws, INVENTORY_VARIABLES_UNREAD,
 * INVENTORY_GROUP_UNKNOWN, INVENTORY_HOST_UNKNOWN, INVENTORY_VARIABLE_MISPLACED,
 * INVENTORY_SECRET_PLAIN, INVENTORY_NETWORK_INVALID and INVENTORY_NETWORKS_OVERLAP. Throws what
 * loadYaml throws while hosts.yml itself cannot be read.
 */
export async function readCluster(
  folder: string,
  files: FileTree = diskFiles,
): Promise<ClusterInventory & { file: string; mistakes: InfraError[] }> {
  const inventory = await readInventory(folder, files);
  const { file, hosts } = inventory;
  const { byHost, errors } = await readVariables(folder, hosts, files);
  // The server decides for the whole cluster.
  const server = hosts.find(({ group }) => group === "k3s_masters");
  const ofServer = byHost.get(server?.name ?? "") ?? new Map<string, LocatedVariable>();
  const { networks, errors: networkErrors } = findNetworks(ofServer);
  return {
    file,
    hosts: hosts.map(({ locate: _locate, ...host }) => host),
    networks: networks.map(({ name, network }) => ({ name, network })),
    findVariable: (host, name) => byHost.get(host)?.get(name)?.value,
    mistakes: [
      ...findFaults(inventory),
      ...errors,
      ...networkErrors,
      ...checkNetworks(networks, hosts),
    ],
  };
}
