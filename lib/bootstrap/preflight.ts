import type { World } from "../world.ts";
import type { Link } from "./check.schema.ts";
import { checkHosts } from "./check-hosts.ts";
import { describeUnfit } from "./describe-unfit.ts";
import type { HostChecksPlan } from "./plan-host-checks.ts";

/**
 * Looks at the hosts before anything of them is changed; returns the ways between them. Throws
 * HOSTS_UNFIT with a line for each finding, and what checkHosts throws.
 */
export async function checkFitness(
  world: Pick<World, "hosts" | "clock">,
  { hosts, options }: HostChecksPlan,
  signal: AbortSignal,
): Promise<readonly Link[]> {
  const { checks, links } = await checkHosts(world, hosts, { ...options, signal });
  const unfit = describeUnfit(checks);
  if (unfit !== undefined) throw unfit;
  return links;
}
