import { InfraError } from "../../errors.ts";
import type { LocatedInventory } from "../load.ts";

/**
 * One server, or an odd number of them: etcd needs more than half of its members
 * (https://etcd.io/docs/v3.5/faq/#why-an-odd-number-of-cluster-members).
 */
export function checkServers({ hosts, locateGroup }: LocatedInventory): InfraError[] {
  const count = new Set(hosts.filter(isServer).map(({ name }) => name)).size;
  const where = locateGroup("k3s_masters");
  if (count === 0) {
    const error = new InfraError({
      code: "INVENTORY_NO_SERVER",
      message: "k3s_masters has no host",
      where,
      why: "the control plane runs on a server, and every other host joins it",
      fix: "Move one host to k3s_masters; one host alone is a whole cluster",
    });
    return [error];
  }
  if (count % 2 === 1) return [];
  const error = new InfraError({
    code: "INVENTORY_SERVERS_EVEN",
    message: `k3s_masters has ${count} hosts`,
    where,
    why: `etcd needs more than half of its servers, so that of ${count} no more may fail than of ${count - 1}, and there are more that can`,
    fix: "Keep one server and move the others to k3s_workers; three only where they reach one another in 50 ms",
  });
  return [error];
}

function isServer({ group }: { group: string }): boolean {
  return group === "k3s_masters";
}
