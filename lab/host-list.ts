import type { groupNames } from "../lib/inventory/load.ts";
import type { Provider } from "../lib/world.ts";

/** A host of the lab, as the inventory and the emulated provider know it. */
export interface LabHost {
  name: string;
  group: (typeof groupNames)[number];
  address: string;
  provider: Provider;
  providerId: string;
  zone: string;
  instanceType: string;
  /**
   * How the first inventory of a cluster logs in to it, in the ways of three providers: root with the
   * operator's key; `ubuntu` with a password that sudo asks for, too; `ec2-user` with a key of its own
   * and sudo that asks for nothing.
   */
  login: "root" | "password" | "own-key";
}

/**
 * The names are those of a cluster over three clouds. All of them belong to the one provider whose
 * API the lab emulates: power is what a provider is there for.
 */
export const labHosts: readonly LabHost[] = [
  {
    name: "vps-hetzner-1",
    group: "k3s_masters",
    address: "172.31.0.11",
    provider: "hetzner",
    providerId: "1001",
    zone: "hetzner-fsn1",
    instanceType: "cx22",
    login: "root",
  },
  {
    name: "vps-vultr-1",
    group: "k3s_workers",
    address: "172.31.0.12",
    provider: "hetzner",
    providerId: "1002",
    zone: "vultr-fra",
    instanceType: "vc2-2c-4gb",
    login: "password",
  },
  {
    name: "vps-aws-1",
    group: "k3s_workers",
    address: "172.31.0.13",
    provider: "hetzner",
    providerId: "1003",
    zone: "aws-eu-central-1a",
    instanceType: "t3.medium",
    login: "own-key",
  },
];

/** A host that is there only when it is asked for, to join a cluster of the others. */
export const spareHost: LabHost = {
  name: "vps-hetzner-2",
  group: "k3s_workers",
  address: "172.31.0.14",
  provider: "hetzner",
  providerId: "1004",
  zone: "hetzner-nbg1",
  instanceType: "cx22",
  login: "root",
};

/** Every host that may be there. */
export const allHosts: readonly LabHost[] = [...labHosts, spareHost];

export const addresses = {
  /** Of the bridge, where the lab's servers listen. */
  servers: "172.31.0.1",
  operator: "172.31.0.2",
  prefixLength: 24,
} as const;

/** Where production gets single files of other repositories; in the lab its servers answer to it. */
export const upstreamHost = "raw.githubusercontent.com";

/** All that the lab's servers are called. */
export const serverNames: readonly string[] = [addresses.servers, upstreamHost];

/** The lines of /etc/hosts that name the lab's hosts; hosts have no DNS. */
export function renderHostsFile(): string {
  const lines = [
    "127.0.0.1 localhost",
    "::1 localhost ip6-localhost ip6-loopback",
    ...allHosts.map(({ address, name }) => `${address} ${name}`),
  ];
  return `${lines.join("\n")}\n`;
}
