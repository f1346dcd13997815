import t from "tap";
import { checkOwnMesh } from "../../lib/bootstrap/choose-way.ts";
import { InfraError } from "../../lib/errors.ts";
import type { MeshStatus } from "../../lib/mesh/mesh.ts";

function answer(state: MeshStatus["state"]): () => Promise<MeshStatus> {
  return async () => ({
    kind: "tailscale",
    state,
    version: "1.86.5",
    name: "laptop",
    address: undefined,
    tags: [],
    keyExpiry: undefined,
    problems: [],
    peers: [],
  });
}

t.test("a machine that is in the mesh is fine", async () => {
  await checkOwnMesh(answer("running"), "tailscale");
});

t.test("one that is not is told how to join", async (t) => {
  await t.rejects(checkOwnMesh(answer("needs-login"), "tailscale"), {
    code: "MESH_NOT_JOINED",
    why: /needs-login/,
    fix: /tailscale up/,
    exitCode: 2,
  });
});

t.test("one without Tailscale has changed nothing yet", async (t) => {
  const missing = async (): Promise<never> => {
    throw new InfraError({ code: "MESH_MISSING", message: "none", fix: "install it", exitCode: 4 });
  };
  await t.rejects(checkOwnMesh(missing, "tailscale"), {
    code: "MESH_MISSING",
    message: "none; nothing was changed",
    fix: "install it",
    exitCode: 2,
  });
});

t.test("nothing is asked without Tailscale", async () => {
  await checkOwnMesh(answer("stopped"), "none");
  await checkOwnMesh(answer("stopped"), "zerotier");
});
