import { type Cidr, parseCidr } from "./cidr.ts";

/**
 * Tailscale's addresses: https://tailscale.com/kb/1015/100.x-addresses and
 * https://tailscale.com/kb/1033/ip-and-dns-addresses.
 */
export const meshNetworks: readonly Cidr[] = [
  getNetwork("100.64.0.0/10"),
  getNetwork("fd7a:115c:a1e0::/48"),
];

/** What k3s takes when it is told nothing (https://docs.k3s.io/cli/server, Networking). */
export const defaultNetworks = {
  cluster_cidr: [getNetwork("10.42.0.0/16")],
  service_cidr: [getNetwork("10.43.0.0/16")],
} as const;

/** Throws a plain Error, a defect, when the text is no network. */
function getNetwork(text: string): Cidr {
  const network = parseCidr(text);
  if (network === undefined) throw new Error(`${text} is not a network`);
  return network;
}
