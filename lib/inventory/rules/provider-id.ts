import { InfraError } from "../../errors.ts";
import type { LocatedHost } from "../load.ts";

/** A host that has a provider can be switched off there. */
export function checkProviderId(host: LocatedHost): InfraError[] {
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
