import { InfraError, type Place } from "../../errors.ts";
import { type Cidr, contains, overlaps, parseCidr, renderNetwork } from "../cidr.ts";
import type { LocatedHost } from "../load.ts";
import { defaultNetworks, meshNetworks } from "../networks.ts";
import type { LocatedVariable } from "../variables.ts";

/** The networks of a cluster, with where they are set; without a place they are k3s's own. */
export interface ClusterNetwork {
  name: keyof typeof defaultNetworks;
  network: Cidr;
  place: Place | undefined;
}

/** The networks of pods and services that the variables of a server say, and what is wrong with them. */
export function findNetworks(variables: ReadonlyMap<string, LocatedVariable>): {
  networks: ClusterNetwork[];
  errors: InfraError[];
} {
  const networks: ClusterNetwork[] = [];
  const errors: InfraError[] = [];
  for (const name of ["cluster_cidr", "service_cidr"] as const) {
    const set = findSetting(variables, name);
    // What is no text was refused with its file, and a template is known to Ansible alone.
    if (set === undefined) {
      for (const network of defaultNetworks[name])
        networks.push({ name, network, place: undefined });
    } else if (typeof set.value === "string" && !set.value.includes("{{")) {
      for (const text of set.value.split(",")) {
        const network = parseCidr(text);
        if (network === undefined) errors.push(notANetwork(name, text, set.place));
        else if (network.hasHostBits) errors.push(withHostBits(name, network, set.place));
        else networks.push({ name, network, place: set.place });
      }
    }
  }
  return { networks, errors };
}

/** What role k3s-server makes of the variables: k3s_config wins over all others. */
function findSetting(
  variables: ReadonlyMap<string, LocatedVariable>,
  name: ClusterNetwork["name"],
): LocatedVariable | undefined {
  const config = variables.get("k3s_config");
  const value = (config?.value as Record<string, unknown> | null | undefined)?.[
    name.replace("_", "-")
  ];
  if (config === undefined || value === undefined) return variables.get(name);
  return { value, place: config.place };
}

/** Pods, services, the mesh and the hosts have no address in common. */
export function checkNetworks(networks: ClusterNetwork[], hosts: LocatedHost[]): InfraError[] {
  return networks.flatMap((one, index) => [
    ...checkAgainstOthers(one, networks.slice(0, index)),
    ...checkAgainstMesh(one),
    ...hosts.flatMap((host) => checkAgainstHost(one, host)),
  ]);
}

function checkAgainstOthers(one: ClusterNetwork, earlier: ClusterNetwork[]): InfraError[] {
  const other = earlier.find(({ network }) => overlaps(network, one.network));
  if (other === undefined) return [];
  return [overlapping(one, `${other.name} ${other.network.text}`, one.place ?? other.place)];
}

function checkAgainstMesh(one: ClusterNetwork): InfraError[] {
  const mesh = meshNetworks.find((network) => overlaps(network, one.network));
  return mesh === undefined ? [] : [overlapping(one, `the mesh's ${mesh.text}`, one.place)];
}

function checkAgainstHost(one: ClusterNetwork, host: LocatedHost): InfraError[] {
  return (["publicIp", "meshIp"] as const).flatMap((part) => {
    const address = host[part];
    if (address === undefined || !contains(one.network, address)) return [];
    const what = `the address ${address} of host "${host.name}"`;
    return [overlapping(one, what, one.place ?? host.locate(part))];
  });
}

function overlapping(one: ClusterNetwork, what: string, where: Place | undefined): InfraError {
  const unset = one.place === undefined ? ", which k3s takes when it is not set," : "";
  return new InfraError({
    code: "INVENTORY_NETWORKS_OVERLAP",
    message: `${one.name} ${one.network.text}${unset} overlaps with ${what}`,
    ...(where === undefined ? {} : { where }),
    why: "packets to an address that both have go to one of them only",
    fix: `Choose another network for ${one.name} in group_vars/k3s_cluster/main.yml; later it cannot be changed`,
  });
}

function notANetwork(name: string, text: string, where: Place): InfraError {
  return new InfraError({
    code: "INVENTORY_NETWORK_INVALID",
    message: `${name} is "${text}", which is not a network`,
    where,
    fix: "Write it as 10.42.0.0/16; an IPv6 one may follow after a comma, without a blank",
  });
}

function withHostBits(name: string, network: Cidr, where: Place): InfraError {
  return new InfraError({
    code: "INVENTORY_NETWORK_INVALID",
    message: `${name} is "${network.text}", which is one address and not the network around it`,
    where,
    fix: `Did you mean "${renderNetwork(network)}"?`,
  });
}
