import { InfraError } from "../errors.ts";
import type { World } from "../world.ts";
import type { Check } from "./check.schema.ts";
import { find, type HostToCheck, pass } from "./host-target.ts";
import { readServerToken } from "./read-token.ts";

/** Holds a token against the one that is kept for a rebuild. */
export type CompareToken = (token: string) => Promise<"same" | "different" | "missing">;

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
  const token = await readServerToken({ hosts }, server.name, options);
  if (token === undefined) return [];
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
    return find(server, check, {
      code: "TOKEN_ESCROW_MISSING",
      says: "its token is not escrowed",
      why: "without it a snapshot of etcd cannot be restored on a new host",
      fix: "npx zx scripts/setup/init-cluster.ts, which escrows it last of all",
    });
  }
  return find(server, check, {
    code: "TOKEN_ESCROW_DIFFERS",
    says: "its token is not the escrowed one",
    why: "the cluster was made anew, its token was rotated, or this is another cluster",
    fix: "If the server is the right one: git rm config/escrow/server-token.sops.yaml, then npx zx scripts/setup/init-cluster.ts; keep the old file for as long as you keep snapshots of its time",
  });
}
