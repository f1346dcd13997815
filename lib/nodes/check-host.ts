import { judgeLogin } from "../bootstrap/judge-login.ts";
import type { ErrorDetails } from "../errors.ts";
import type { Host } from "../inventory/load.ts";
import type { Hosts } from "../world.ts";
import { isAlive } from "./plan-removal.ts";

/** Ends well on a host that has k3s of ours. */
const script = "test -e /usr/local/bin/k3s-uninstall.sh\n";
const timeoutSeconds = 20;

/**
 * Whether the host can do its part in its removal: that it lets somebody in, or, of one that is
 * said to be gone, that it is. Undefined when all is well. Throws what Hosts.run throws.
 */
export async function checkHost(
  hosts: Pick<Hosts, "run">,
  host: Host,
  { isHostGone, signal }: { isHostGone: boolean; signal: AbortSignal },
): Promise<ErrorDetails | undefined> {
  const { name } = host;
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
