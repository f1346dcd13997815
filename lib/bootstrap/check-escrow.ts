import { registerSecret } from "../cli/redact.ts";
import { InfraError } from "../errors.ts";
import type { World } from "../world.ts";
import type { Check } from "./check.schema.ts";
import { find, type HostToCheck, note, pass } from "./host-target.ts";

/** Holds a token against the one that is kept for a rebuild. */
export type CompareToken = (token: string) => Promise<"same" | "different" | "missing">;

/** k3s writes it at its first start (https://docs.k3s.io/cli/token). */
const script = "exec sudo -n cat /var/lib/rancher/k3s/server/token </dev/null\n";
const check = "server token";

/**
 * Whether the token of a running server is the escrowed one: without its own token no snapshot of etcd
 * can be restored. Nothing is told of a host that has no k3s or lets nobody in. Throws what
 * Hosts.run throws.
 */
export async function checkEscrow(
  { hosts }: Pick<World, "hosts">,
  server: HostToCheck,
  compare: CompareToken,
  options: { timeoutSeconds?: number; signal?: AbortSignal } = {},
): Promise<Check[]> {
  const { timeoutSeconds = 20, signal } = options;
  const limits = { timeoutSeconds, ...(signal === undefined ? {} : { signal }) };
  const answer = await hosts.run(server.name, { script, ...limits });
  if (answer.kind !== "ran" || answer.code !== 0 || answer.stdout.trim() === "") return [];
  // A greeting of the host's shell may stand before it.
  const token = answer.stdout.trim().split("\n").at(-1) ?? "";
  registerSecret(token);
  try {
    return [describe(server, await compare(token))];
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    const { code, message, why, fix = "Correct it" } = error;
    return [
      find(server, check, { code, says: message, ...(why === undefined ? {} : { why }), fix }),
    ];
  }
}

function describe(server: HostToCheck, state: "same" | "different" | "missing"): Check {
  if (state === "same") return pass(server, check, "its token is the escrowed one");
  if (state === "missing") {
    return note(server, check, "its token is not escrowed yet, and snapshots of etcd need it");
  }
  return find(server, check, {
    code: "TOKEN_ESCROW_DIFFERS",
    says: "its token is not the escrowed one",
    why: "the cluster was made anew, its token was rotated, or this is another cluster",
    fix: "If the server is the right one: git rm config/escrow/server-token.sops.yaml, then escrow its token again; keep the old file for as long as you keep snapshots of its time",
  });
}
