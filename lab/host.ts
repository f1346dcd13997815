import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, InfraError } from "../lib/errors.ts";
import { run } from "../lib/exec/run.ts";
import { ensureHostCgroups, findMode, planScope } from "./cgroups.ts";
import { dataFolders, mountDisk } from "./host-disk.ts";
import { ensureTrust } from "./host-trust.ts";
import { readMounts } from "./mounts.ts";
import { findNamespaceFile, nameNamespace, planPlugIn, plugInScript } from "./network.ts";
import { buildOperatorEnvironment, enterOperator } from "./operator.ts";
import type { HostPaths, LabPaths } from "./paths.ts";

const runScript = path.join(import.meta.dirname, "hosts/run-host.sh");

/** The limit of one attempt, and of all, on a machine that is busy with something else. */
const answerSeconds = 60;
const bootSeconds = 180;

/**
 * System calls beside systemd-nspawn's own choice that container runtimes need. Not among them:
 * setting the clock, swap, modules and kexec, of which hosts and machine have one together.
 */
const systemCalls = "add_key keyctl bpf perf_event_open @keyring @mount";

/** What a host that has booted says of itself. */
export interface BootedHost {
  /** systemd's word: `running` or `degraded`. */
  state: string;
  failedUnits: string[];
}

/** Starts a host that is off, and does not wait for it. Throws LAB_HOST_MISSING. */
export async function bootHost(paths: LabPaths, host: string): Promise<void> {
  const own = paths.host(host);
  await mountDisk(own, host);
  await ensureTrust(own.root, paths.servers.ca);
  const mode = findMode(await readMounts());
  const cgroups = mode === "v1" ? await ensureHostCgroups(host) : [];
  const scope = mode === "v1" ? [] : planScope(host);
  const plugIn = planPlugIn(host).join(" ");
  const [program = "", ...args] = [
    ...scope,
    "sh",
    runScript,
    own.pid,
    plugIn,
    ...planNspawn(own, host),
  ];
  const console = await open(own.console, "a");
  try {
    const child = spawn(program, args, {
      cwd: "/",
      // Nothing of whoever runs the lab is to reach a host.
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        LAB_CGROUPS: cgroups.join("\n"),
        LAB_PLUG_IN: plugInScript,
        SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network",
        SYSTEMD_NSPAWN_LOCK: "0",
        SYSTEMD_NSPAWN_USE_CGNS: "1",
      },
      detached: true,
      stdio: ["ignore", console.fd, console.fd],
    });
    await new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
  } finally {
    await console.close();
  }
}

/**
 * Waits until a host answers by ssh and its systemd has started all it was to start. Throws
 * LAB_HOST_FAILED when it has not in three minutes, or `isRunning` says that it has ended.
 */
export async function waitForHost(
  paths: LabPaths,
  host: string,
  isRunning: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<BootedHost> {
  const deadline = Date.now() + bootSeconds * 1000;
  let last = "it was not asked yet";
  while (Date.now() < deadline) {
    signal?.throwIfAborted();
    if (!(await isRunning())) throw await failed(paths, host, "it has switched itself off");
    const { stdout, stderr } = await askHost(paths, host, "systemctl is-system-running --wait");
    const state = stdout.trim();
    if (state === "running") return { state, failedUnits: [] };
    if (state === "degraded") {
      const list = "systemctl list-units --failed --plain --no-legend";
      const { stdout: units } = await askHost(paths, host, list);
      const failedUnits = units
        .split("\n")
        .flatMap((line) => line.trim().split(" ", 1))
        .filter(Boolean);
      return { state, failedUnits };
    }
    last = state === "" ? stderr.trim() : `systemd is ${state}`;
    await sleep(200);
  }
  throw await failed(paths, host, last);
}

/** The last lines of a host's console, without colours. */
export async function readConsole(own: HostPaths): Promise<string> {
  const text = await readFile(own.console, "utf8").catch(() => "");
  const plain = text.replace(/\x1b\[[0-9;?]*[a-zA-Z]/g, "");
  return plain.trimEnd().split(/\r*\n/).slice(-8).join("\n");
}

/** Runs a command on a host by ssh; any code is an answer, ssh's own 255 too. A secret goes by stdin. */
export async function askHost(paths: LabPaths, host: string, command: string, stdin?: string) {
  const ssh: [string, ...string[]] = [
    "ssh",
    "-F",
    paths.sshConfig,
    "-o",
    "ConnectTimeout=3",
    host,
    command,
  ];
  return await run(await enterOperator(paths, ssh), {
    env: buildOperatorEnvironment(paths, process.env),
    // systemctl's answers, and ssh's own for "no connection".
    allowedCodes: Array.from({ length: 256 }, (_, code) => code),
    timeoutSeconds: answerSeconds,
    ...(stdin === undefined ? {} : { stdin }),
  });
}

function planNspawn(own: HostPaths, host: string): string[] {
  return [
    "--quiet",
    "--boot",
    `--directory=${own.root}`,
    `--machine=${nameNamespace(host)}`,
    `--hostname=${host}`,
    "--register=no",
    "--keep-unit",
    `--network-namespace-path=${findNamespaceFile(nameNamespace(host))}`,
    "--private-users=no",
    "--capability=all",
    "--drop-capability=CAP_SYS_MODULE,CAP_SYS_TIME",
    `--system-call-filter=${systemCalls}`,
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    ...Object.entries(dataFolders).map(
      ([name, point]) => `--bind=${path.join(own.data, name)}:${point}`,
    ),
  ];
}

async function failed(paths: LabPaths, host: string, why: string): Promise<InfraError> {
  const own = paths.host(host);
  return new InfraError({
    code: "LAB_HOST_FAILED",
    message: `host ${host} did not come up`,
    where: { file: own.console },
    why: `${why}\n${await readConsole(own)}`,
    fix: "Run the same command again; if it fails again, zx scripts/lab/down.ts makes a fresh start",
    exitCode: exitCodes.failed,
  });
}
