import { isIP } from "node:net";
import { InfraError, type Place } from "../errors.ts";
import type { LocatedHost } from "./load.ts";

/** What is wrong with a host among the hosts before it; each rule looks at one thing. */
type Rule = (host: LocatedHost, earlier: LocatedHost[]) => InfraError[];

const rules: Rule[] = [checkName, checkAddresses, checkProviderId];

/** The mistakes that a look at one key alone does not show, in the order of the hosts. */
export function findFaults(hosts: LocatedHost[]): InfraError[] {
  return hosts.flatMap((host, index) => rules.flatMap((rule) => rule(host, hosts.slice(0, index))));
}

function checkName(host: LocatedHost, earlier: LocatedHost[]): InfraError[] {
  const twin = earlier.find((one) => one.name === host.name);
  if (twin === undefined) return [];
  const error = new InfraError({
    code: "INVENTORY_HOST_TWICE",
    message: `host "${host.name}" stands here a second time`,
    where: host.place,
    why: `it is also in ${twin.group}, at ${renderPlace(twin.place)}`,
    fix: "Keep it in one of the groups",
  });
  return [error];
}

function checkAddresses(host: LocatedHost, earlier: LocatedHost[]): InfraError[] {
  const taken = earlier.filter((one) => one.name !== host.name).flatMap(listAddresses);
  return listAddresses(host).flatMap(({ address, place }, index, own) => {
    if (isIP(address) === 0) {
      return new InfraError({
        code: "INVENTORY_ADDRESS_INVALID",
        message: `"${address}" of host "${host.name}" is not an IP address`,
        where: place,
        fix: "Write an IPv4 or IPv6 address; names and templates cannot be used here",
      });
    }
    const others = [...taken, ...own.slice(0, index)];
    const twin = others.find((one) => normalize(one.address) === normalize(address));
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

function checkProviderId(host: LocatedHost): InfraError[] {
  const { provider, providerId } = host;
  if (provider === "manual") return [];
  if (providerId === undefined) {
    const error = new InfraError({
      code: "INVENTORY_PROVIDER_ID_MISSING",
      message: `host "${host.name}" has a provider and no "provider_id"`,
      where: host.locate("provider"),
      why: "without it a failover cannot switch the machine off",
      fix: `Add "provider_id", the id that ${provider} gave the machine, or write "provider: manual"`,
    });
    return [error];
  }
  if (provider !== "hetzner" || /^[1-9]\d*$/.test(providerId)) return [];
  const error = new InfraError({
    code: "INVENTORY_PROVIDER_ID_INVALID",
    message: `"${providerId}" is not the id of a Hetzner Cloud server`,
    where: host.locate("providerId"),
    why: "it is a number there, not the server's name",
    fix: "hcloud server list shows it in the column ID",
  });
  return [error];
}

function listAddresses(host: LocatedHost): { host: string; address: string; place: Place }[] {
  const { name, publicIp, meshIp } = host;
  const publicAddress = { host: name, address: publicIp, place: host.locate("publicIp") };
  if (meshIp === undefined) return [publicAddress];
  return [publicAddress, { host: name, address: meshIp, place: host.locate("meshIp") }];
}

/** IPv6 has many spellings of one address. */
function normalize(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname : address;
}

function renderPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
