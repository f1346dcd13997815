import { registerSecret } from "../cli/redact.ts";
import type { World } from "../world.ts";
import type { CheckHostsOptions } from "./check-hosts.ts";

/** k3s writes it at its first start (https://docs.k3s.io/cli/token). */
const script = "exec sudo -n cat /var/lib/rancher/k3s/server/token </dev/null\n";

/**
 * The token of a running server, registered; undefined of a host that has no k3s or lets nobody in.
 * Throws what Hosts.run throws.
 */
export async function readServerToken(
  { hosts }: Pick<World, "hosts">,
  server: string,
  { timeoutSeconds = 20, signal }: Pick<CheckHostsOptions, "timeoutSeconds" | "signal"> = {},
): Promise<string | undefined> {
  const limits = { timeoutSeconds, ...(signal === undefined ? {} : { signal }) };
  const answer = await hosts.run(server, { script, ...limits });
  if (answer.kind !== "ran" || answer.code !== 0) return undefined;
  // A greeting of the host's shell may stand before it.
  const token = answer.stdout.trim().split("\n").at(-1) ?? "";
  if (token === "") return undefined;
  registerSecret(token);
  return token;
}
