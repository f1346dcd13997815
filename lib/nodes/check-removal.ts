import { judgeLogin } from "../bootstrap/judge-login.ts";
import { describeBlocker, type ErrorDetails, InfraError } from "../errors.ts";
import type { Host } from "../inventory/load.ts";
import { isAlive } from "./plan-removal.ts";
import type { NodeWorld } from "./world.ts";

/** Ends well on a host that has k3s of ours. */
const script = "test -e /usr/local/bin/k3s-uninstall.sh\n";
const timeoutSeconds = 20;

/**
 * What forbids a removal outside of the cluster: a host that cannot do its part or, of one that is said
 * to be gone, is not, and an inventory that only a person can change. Throws what Hosts.run throws.
 */
export async function checkRemoval(
  world: Pick<NodeWorld, "loadHosts" | "connectHosts" | "checkForgettable">,
  host: Host,
  options: { isHostGone: boolean; signal: AbortSignal },
): Promise<ErrorDetails[]> {
  const faults = [await checkHost(world, host, options), await checkInventory(world, host)];
  return faults.filter((fault) => fault !== undefined);
}

async function checkHost(
  world: Pick<NodeWorld, "loadHosts" | "connectHosts">,
  host: Host,
  { isHostGone, signal }: { isHostGone: boolean; signal: AbortSignal },
): Promise<ErrorDetails | undefined> {
  const { name } = host;
  const hosts = world.connectHosts(await world.loadHosts());
  const answer = await hosts.run(name, { script, timeoutSeconds, signal });
  if (isHostGone) {
    const hasK3s = answer.kind === "ran" && answer.code === 0;
    return hasK3s ? isAlive(name, "it lets somebody in, and has k3s") : undefined;
  }
  if (answer.kind === "ran") return undefined;
  const { says, fix } = judgeLogin(host, answer.tries);
  return {
    code: "NODE_HOST_UNREACHABLE",
    message: `k3s cannot be removed from "${name}"`,
    why: says,
    fix: [
      fix ?? "",
      `If the host is dead for good: move its volumes first (scripts/dr/failover.ts --source-node ${name}), then add --host-gone, which leaves out what is done on the host`,
    ].join("\n"),
  };
}

async function checkInventory(
  world: Pick<NodeWorld, "checkForgettable">,
  { name }: Host,
): Promise<ErrorDetails | undefined> {
  try {
    await world.checkForgettable(name);
    return undefined;
  } catch (error) {
    if (error instanceof InfraError) return describeBlocker(error);
    throw error;
  }
}
