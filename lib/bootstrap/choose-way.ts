import { asRefusal, InfraError } from "../errors.ts";
import type { Host } from "../inventory/load.ts";
import type { MeshStatus } from "../mesh/mesh.ts";
import type { Hosts } from "../world.ts";

/** How Ansible reaches the hosts: over the mesh where it can, only over it, or by public addresses. */
export type Way = "auto" | "mesh" | "public";

/**
 * The value of `via` for a run of playbooks: what was asked for, and for `auto` the public addresses
 * as soon as one host of the mesh does not take a connection over it.
 */
export async function chooseWay(
  hosts: Pick<Hosts, "probe">,
  list: readonly Pick<Host, "meshIp" | "sshPort">[],
  asked: Way,
): Promise<Way> {
  if (asked !== "auto") return asked;
  const results = await Promise.all(
    list.map(async ({ meshIp: address, sshPort: port }) =>
      address === undefined ? "open" : await hosts.probe({ address, port }),
    ),
  );
  return results.every((result) => result === "open") ? "auto" : "public";
}

/**
 * Sees that this machine is a member of the mesh, by which it will reach hosts and the API. ZeroTier's
 * service tells its state to root only, so nothing is asked there. Throws MESH_NOT_JOINED and, with
 * exit code 2 since nothing was done yet, what readStatus throws.
 */
export async function checkOwnMesh(
  readStatus: () => Promise<MeshStatus>,
  kind: string,
): Promise<void> {
  if (kind !== "tailscale") return;
  const { state } = await readStatus().catch((error: unknown) => {
    throw error instanceof InfraError ? asRefusal(error) : error;
  });
  if (state === "running") return;
  throw new InfraError({
    code: "MESH_NOT_JOINED",
    message: "this machine is not in the mesh; nothing was changed",
    why: `tailscale says: ${state}. The hosts and the API will be reached over the mesh`,
    fix: "Join it (tailscale up), then run the same command again",
  });
}
