import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, InfraError } from "../lib/errors.ts";
import { findLabCgroups, listCgroupProcesses, removeCgroups, thawCgroups } from "./cgroups.ts";
import { bootHost, readConsole } from "./host.ts";
import { unmountAll } from "./mounts.ts";
import { listNamespaceProcesses, nameNamespace, removeNamespace, unplug } from "./network.ts";
import type { LabPaths } from "./paths.ts";
import { findInit, killAll, readCommandLine, signal } from "./processes.ts";
import { removeEmptyFolder } from "./shared-folders.ts";

/** systemd as a container's init takes it for an order to power off (systemd(1), SIGNALS). */
const powerOffSignal = 34 + 4;

/**
 * Whether the host runs; `off` also when it has switched itself off. One whose systemd-nspawn was
 * killed runs on without it, and is called so.
 */
export async function readPower(paths: LabPaths, host: string): Promise<"running" | "off"> {
  if ((await findSupervisor(paths, host)) !== undefined) return "running";
  const init = await findInit(await listNamespaceProcesses(nameNamespace(host)));
  return init === undefined ? "off" : "running";
}

/**
 * Switches a host on; returns when it has begun to boot, at once if it runs. Throws
 * LAB_HOST_MISSING and LAB_HOST_FAILED.
 */
export async function powerOn(paths: LabPaths, host: string): Promise<void> {
  if ((await readPower(paths, host)) === "running") return;
  await powerOff(paths, host);
  await bootHost(paths, host);
  for (let tries = 0; (await readPower(paths, host)) === "off"; tries += 1) {
    if (tries === 100) {
      throw new InfraError({
        code: "LAB_HOST_FAILED",
        message: `host ${host} cannot be started`,
        where: { file: paths.host(host).console },
        why: (await readConsole(paths.host(host))) || "it wrote nothing to its console",
        fix: "Correct what it complains about, then run the same command again",
        exitCode: exitCodes.failed,
      });
    }
    await sleep(20);
  }
}

/**
 * Pulls the plug: kills all that runs on the host, and removes its mounts, cgroups and network; its
 * disk stays. Also ends what a crash has left of a host. Returns how many processes that were.
 * Throws LAB_PROCESS_STUCK.
 */
export async function powerOff(paths: LabPaths, host: string): Promise<number> {
  const namespace = nameNamespace(host);
  const cgroups = await findLabCgroups(host);
  await thawCgroups(cgroups);
  // Whoever loses its power says good-bye to nobody.
  await unplug(host);
  const count = await killAll(async () => {
    const supervisor = await findSupervisor(paths, host);
    return [
      // First, since it would boot the host again.
      ...(supervisor === undefined ? [] : [supervisor]),
      ...(await listCgroupProcesses(cgroups)),
      ...(await listNamespaceProcesses(namespace)),
    ];
  });
  // It may have been about to boot.
  await unplug(host);
  await unmountAll(paths.host(host).root);
  await removeCgroups(cgroups);
  await removeNamespace(namespace);
  removeEmptyFolder(path.join("/run/systemd/nspawn/propagate", namespace));
  await rm(paths.host(host).pid, { force: true });
  return count;
}

/**
 * Presses the power button: the host ends its services and switches itself off. Throws
 * LAB_HOST_BUSY when it has not after `timeoutSeconds`; it may still do so.
 */
export async function shutDown(paths: LabPaths, host: string, timeoutSeconds = 90): Promise<void> {
  const init = await findInit(await listNamespaceProcesses(nameNamespace(host)));
  if (init !== undefined) signal(init, powerOffSignal);
  const deadline = Date.now() + timeoutSeconds * 1000;
  while ((await readPower(paths, host)) === "running") {
    if (Date.now() > deadline) {
      throw new InfraError({
        code: "LAB_HOST_BUSY",
        message: `host ${host} did not shut down within ${timeoutSeconds} s`,
        where: { file: paths.host(host).console },
        fix: "See there what it waits for, or switch it off hard",
        exitCode: exitCodes.failed,
      });
    }
    await sleep(100);
  }
  await powerOff(paths, host);
}

/** The process that runs the host; its number may be somebody else's since the file was written. */
async function findSupervisor(paths: LabPaths, host: string): Promise<number | undefined> {
  const { pid: file } = paths.host(host);
  const pid = Number(await readFile(file, "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return (await readCommandLine(pid)).includes(file) ? pid : undefined;
}
