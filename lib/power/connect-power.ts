import type { Site } from "../config/site.ts";
import { InfraError } from "../errors.ts";
import type { MachineRef, Power } from "../world.ts";
import { connectHetzner } from "./hetzner.ts";

/** The power switch of the site's machines; each provider's credentials are read when needed. */
export function connectPower(site: Pick<Site, "powerEndpoints">, env: NodeJS.ProcessEnv): Power {
  const hetzner = connectHetzner({ endpoint: site.powerEndpoints.hetzner, env });

  function getDriver({ provider }: MachineRef): typeof hetzner {
    if (provider === "hetzner") return hetzner;
    throw unsupported(provider);
  }

  return {
    async find(machine) {
      return await getDriver(machine).find(machine.id);
    },
    async stop(machine) {
      await getDriver(machine).stop(machine.id);
    },
  };
}

function unsupported(provider: Exclude<MachineRef["provider"], "hetzner">): InfraError {
  const byHand = "switch the machine off by hand and say so with --accept-split-brain";
  return new InfraError(
    provider === "manual"
      ? {
          code: "POWER_UNSUPPORTED",
          message: "a machine of provider manual cannot be switched off by an API",
          fix: `Name its provider in hosts.yml if it has one, or ${byHand}`,
        }
      : {
          code: "POWER_UNSUPPORTED",
          message: `provider ${provider} has no driver yet`,
          why: "only hetzner has one",
          fix: `In ${provider}'s console, ${byHand}`,
        },
  );
}
