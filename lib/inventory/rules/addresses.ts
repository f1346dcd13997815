import { InfraError, type Place } from "../../errors.ts";
import { contains, isAddress, normalizeAddress } from "../cidr.ts";
import type { LocatedHost } from "../load.ts";
import { meshNetworks } from "../networks.ts";
import { renderPlace } from "../rule.ts";

interface Address {
  host: string;
  address: string;
  place: Place;
}

/** Addresses are addresses, and each belongs to one host. */
export function checkAddresses(host: LocatedHost, earlier: LocatedHost[]): InfraError[] {
  const taken = earlier.filter((one) => one.name !== host.name).flatMap(listAddresses);
  return listAddresses(host).flatMap(({ address, place }, index, own) => {
    if (!isAddress(address)) {
      return new InfraError({
        code: "INVENTORY_ADDRESS_INVALID",
        message: `"${address}" of host "${host.name}" is not an IP address`,
        where: place,
        fix: "Write an IPv4 or IPv6 address; names and templates cannot be used here",
      });
    }
    const others = [...taken, ...own.slice(0, index)];
    const twin = others.find((one) => normalizeAddress(one.address) === normalizeAddress(address));
    if (twin === undefined) return [];
    return new InfraError({
      code: "INVENTORY_ADDRESS_TWICE",
      message: `host "${host.name}" has the address ${address} of host "${twin.host}"`,
      where: place,
      why: `it is also at ${renderPlace(twin.place)}`,
      fix: "Give each host its own address",
    });
  });
}

/** A public address lies outside of the mesh: over it a host is reached that is in no mesh yet. */
export function checkPublicAddress({ name, publicIp, locate }: LocatedHost): InfraError[] {
  const network = meshNetworks.find((one) => contains(one, publicIp));
  if (network === undefined) return [];
  const error = new InfraError({
    code: "INVENTORY_ADDRESS_IN_MESH",
    message: `the public_ip ${publicIp} of host "${name}" is an address of the mesh`,
    where: locate("publicIp"),
    why: `${network.text} is Tailscale's, and a host that is not in the mesh is not reached there`,
    fix: "Write the address that its provider gave it",
  });
  return [error];
}

function listAddresses(host: LocatedHost): Address[] {
  const { name, publicIp, meshIp } = host;
  const publicAddress = { host: name, address: publicIp, place: host.locate("publicIp") };
  if (meshIp === undefined) return [publicAddress];
  return [publicAddress, { host: name, address: meshIp, place: host.locate("meshIp") }];
}
