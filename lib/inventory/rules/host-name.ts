import { InfraError } from "../../errors.ts";
import type { LocatedHost } from "../load.ts";
import { renderPlace } from "../rule.ts";

/** A host stands in the inventory once; its name is that of its node. */
export function checkName(host: LocatedHost, earlier: LocatedHost[]): InfraError[] {
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
