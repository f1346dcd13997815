import type { InfraError } from "../errors.ts";
import type { LocatedInventory } from "./load.ts";
import type { HostRule, InventoryRule } from "./rule.ts";
import { checkAddresses, checkPublicAddress } from "./rules/addresses.ts";
import { checkServers } from "./rules/group-sizes.ts";
import { checkName } from "./rules/host-name.ts";
import { checkProviderId } from "./rules/provider-id.ts";

const hostRules: HostRule[] = [checkName, checkAddresses, checkPublicAddress, checkProviderId];
const inventoryRules: InventoryRule[] = [checkServers];

/** The mistakes that a look at one key alone does not show: of each host, then of all of them. */
export function findFaults(inventory: LocatedInventory): InfraError[] {
  const { hosts } = inventory;
  const ofHosts = hosts.flatMap((host, index) =>
    hostRules.flatMap((rule) => rule(host, hosts.slice(0, index))),
  );
  return [...ofHosts, ...inventoryRules.flatMap((rule) => rule(inventory))];
}
