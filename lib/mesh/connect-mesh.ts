import { exitCodes, InfraError } from "../errors.ts";
import { run } from "../exec/run.ts";
import type { Mesh, MeshStatus } from "./mesh.ts";
import { parseTailscale } from "./tailscale.ts";
import { parseZerotier } from "./zerotier.ts";

/** Runs a script for a POSIX shell on a host of the inventory; throws when the host is not reached. */
export type AskHost = (
  host: string,
  script: string,
) => Promise<{ stdout: string; stderr: string; code: number }>;

const answerSeconds = 20;

/** Of the script, when the machine has no program of a mesh. */
const missingCode = 41;

/**
 * Says which mesh it is, then what its program says; ZeroTier's service answers root only, and the
 * line between its two answers is none that JSON can have.
 */
const script = `
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
if command -v tailscale >/dev/null; then
  echo tailscale
  exec tailscale status --json
elif command -v zerotier-cli >/dev/null; then
  echo zerotier
  [ "$(id -u)" = 0 ] || sudo='sudo -n'
  $sudo zerotier-cli -j info && echo === && exec $sudo zerotier-cli -j listnetworks
else
  exit ${missingCode}
fi
`;

/** The mesh, asked by its own program: on hosts through `askHost`, or here. */
export function connectMesh(askHost: AskHost, env: NodeJS.ProcessEnv = process.env): Mesh {
  return {
    async readStatus(host) {
      if (host === undefined) return await readOwnStatus(env);
      return await parseStatus(await askHost(host, script), host);
    },
  };
}

/** The mesh as this machine sees it. Throws MESH_MISSING, MESH_DOWN and MESH_UNREADABLE. */
export async function readOwnStatus(env: NodeJS.ProcessEnv = process.env): Promise<MeshStatus> {
  const answer = await run(["sh", "-s"], {
    stdin: script,
    env,
    allowedCodes: Array.from({ length: 256 }, (_, code) => code),
    timeoutSeconds: answerSeconds,
  });
  return await parseStatus(answer, "this machine");
}

async function parseStatus(
  { stdout, stderr, code }: Awaited<ReturnType<AskHost>>,
  where: string,
): Promise<MeshStatus> {
  if (code === missingCode) throw missing(where);
  // A host's ~/.bashrc may greet before the script says anything.
  const [, kind, said = ""] = /(?:^|\n)(tailscale|zerotier)\n([^]*)$/.exec(stdout) ?? [];
  if (code !== 0 || kind === undefined) {
    throw new InfraError({
      code: "MESH_DOWN",
      message: `the mesh does not answer on ${where}`,
      why: (stderr || said).trim() || `the program ended with code ${code}`,
      fix: "See that its service runs there: systemctl status tailscaled zerotier-one",
      exitCode: exitCodes.failed,
    });
  }
  if (kind === "tailscale") return await parseTailscale(said, where);
  const [info = "", networks = ""] = said.split("\n===\n");
  return await parseZerotier(info, networks, where);
}

function missing(where: string): InfraError {
  return new InfraError({
    code: "MESH_MISSING",
    message: `${where} has no program of a mesh`,
    why: "neither tailscale nor zerotier-cli is in its PATH",
    fix: "On a host, run playbooks/networking.yml; on your own machine, install Tailscale",
    exitCode: exitCodes.failed,
  });
}
