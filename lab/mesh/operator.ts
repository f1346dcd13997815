import { spawn } from "node:child_process";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, hasCode, InfraError } from "../../lib/errors.ts";
import { run } from "../../lib/exec/run.ts";
import type { Components } from "../build-components.ts";
import { enterOperator } from "../operator.ts";
import type { LabPaths } from "../paths.ts";
import { serverUrls } from "../servers.ts";
import { createAuthKey } from "./coordinator.ts";

/** Its name in the mesh. */
export const operatorNode = "operator";

/** On a machine that is busy with something else. */
const joinSeconds = 60;

const shownLines = 8;

export interface OperatorMeshOptions {
  components: Pick<Components, "programs">;
  signal?: AbortSignal;
}

/**
 * Makes the operator a member of the lab's mesh; returns its address there. What runs already stays,
 * and `down` ends it with the rest of the operator's namespace. Throws LAB_MESH_FAILED, and what
 * createAuthKey throws.
 */
export async function ensureOperatorMesh(
  paths: LabPaths,
  { components, signal }: OperatorMeshOptions,
): Promise<string> {
  const { tailscale, tailscaled } = components.programs;
  if (tailscale === undefined || tailscaled === undefined) {
    throw new Error("the programs of tailscale were not built");
  }
  const { folder, socket } = paths.operatorMesh;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeProgram(paths, tailscale);
  const ask = async () => await readStatus(tailscale, socket);
  if ((await ask()) === undefined) await start(paths, tailscaled);
  const isKnown = (status: Status) => !/^(NoState|Starting)$/.test(status.BackendState);
  const { BackendState: state } = await waitForStatus(paths, ask, isKnown, signal);
  if (state !== "Running") await join(paths, tailscale);
  const isRunning = ({ BackendState, TailscaleIPs }: Status) =>
    BackendState === "Running" && (TailscaleIPs ?? []).length > 0;
  const { TailscaleIPs: own } = await waitForStatus(paths, ask, isRunning, signal);
  return own?.[0] ?? "";
}

/** The operator's own `tailscale`, which asks the lab's tailscaled and not the machine's. */
async function writeProgram(paths: LabPaths, tailscale: string): Promise<void> {
  const file = path.join(paths.operatorPrograms, "tailscale");
  await mkdir(paths.operatorPrograms, { recursive: true });
  const script = `#!/bin/sh\nexec '${tailscale}' '--socket=${paths.operatorMesh.socket}' "$@"\n`;
  await writeFile(`${file}.new`, script, { mode: 0o755 });
  await rename(`${file}.new`, file);
}

/** The part of `tailscale status --json` that is read here (tailscale: ipn/ipnstate). */
interface Status {
  BackendState: string;
  TailscaleIPs?: string[] | null;
}

/** Undefined while there is no tailscaled. */
async function readStatus(tailscale: string, socket: string): Promise<Status | undefined> {
  const argv = [tailscale, "--socket", socket, "status", "--json", "--peers=false"] as const;
  const { stdout, code } = await run(argv, { allowedCodes: [0, 1], timeoutSeconds: 10 });
  return code === 0 ? (JSON.parse(stdout) as Status) : undefined;
}

async function start(paths: LabPaths, tailscaled: string): Promise<void> {
  const { folder, socket, log } = paths.operatorMesh;
  const [program, ...args] = await enterOperator(paths, [
    tailscaled,
    `--statedir=${folder}`,
    `--state=${path.join(folder, "tailscaled.state")}`,
    `--socket=${socket}`,
    "--port=41641",
    // Else it would look for a server on the Internet that takes its log.
    "--no-logs-no-support",
  ]);
  const output = await open(log, "a", 0o600);
  try {
    const child = spawn(program, args, {
      cwd: "/",
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: folder,
        // It meets no other server than the lab's.
        SSL_CERT_FILE: paths.servers.ca,
      },
      detached: true,
      stdio: ["ignore", output.fd, output.fd],
    });
    await new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
  } finally {
    await output.close();
  }
}

async function join(paths: LabPaths, tailscale: string): Promise<void> {
  const { authKey, socket } = paths.operatorMesh;
  await writeFile(authKey, await createAuthKey(paths, { expirationSeconds: 300 }), { mode: 0o600 });
  try {
    const argv = [tailscale, "--socket", socket, "up", "--reset"] as const;
    const mesh = ["--login-server", serverUrls.mesh, "--auth-key", `file:${authKey}`];
    const own = ["--hostname", operatorNode, "--accept-dns=false", "--accept-routes=false"];
    // The namespace has no firewall, and the machine may have no program for it.
    const rest = ["--netfilter-mode=off", `--timeout=${joinSeconds}s`];
    await run([...argv, ...mesh, ...own, ...rest], { timeoutSeconds: joinSeconds + 10 });
  } catch (error) {
    if (!hasCode(error, "EXEC_FAILED")) throw error;
    throw await failed(paths, (error as InfraError).why ?? "it does not say why", error);
  } finally {
    await rm(authKey, { force: true });
  }
}

async function waitForStatus(
  paths: LabPaths,
  ask: () => Promise<Status | undefined>,
  isDone: (status: Status) => boolean,
  signal: AbortSignal | undefined,
): Promise<Status> {
  const deadline = Date.now() + joinSeconds * 1000;
  for (;;) {
    signal?.throwIfAborted();
    const status = await ask();
    if (status !== undefined && isDone(status)) return status;
    if (Date.now() > deadline) {
      const state = status === undefined ? "does not answer" : `is in state ${status.BackendState}`;
      throw await failed(paths, `tailscaled ${state} after ${joinSeconds} s`);
    }
    await sleep(100);
  }
}

async function failed(paths: LabPaths, why: string, cause?: unknown): Promise<InfraError> {
  const { log } = paths.operatorMesh;
  const text = await readFile(log, "utf8").catch(() => "");
  const lines = text.trimEnd().split("\n").slice(-shownLines).join("\n");
  return new InfraError({
    code: "LAB_MESH_FAILED",
    message: "the operator cannot join the lab's mesh",
    where: { file: log },
    why: `${why}\n${lines}`.trimEnd(),
    fix: "Correct what it complains about, then run the same command again",
    exitCode: exitCodes.failed,
    cause,
  });
}
