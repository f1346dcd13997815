import { mkdir } from "node:fs/promises";
import { buildComponents } from "./build-components.ts";
import { renderBuildEvent } from "./build-progress.ts";
import { ensureCertificates } from "./certificates.ts";
import { ensureDisk } from "./host-disk.ts";
import { type BootedHost, waitForHost } from "./host.ts";
import { allHosts, type LabHost, labHosts, serverNames } from "./host-list.ts";
import { raiseSettings, readModules } from "./kernel-settings.ts";
import { ensureKnotFiles } from "./knot-files.ts";
import { ensureNetwork } from "./network.ts";
import { ensureOperatorMesh } from "./mesh/operator.ts";
import { ensureOperatorFiles } from "./operator.ts";
import { ensurePackages } from "./packages.ts";
import type { LabPaths } from "./paths.ts";
import { powerOn, readPower } from "./power.ts";
import type { Progress } from "./progress.ts";
import { ensureRecord } from "./record.ts";
import { checkRequirements, readMachine } from "./requirements.ts";
import { ensureTree } from "./rootfs.ts";
import { ensureServers, listServerGroups, planServerSettings } from "./servers.ts";
import { ensureSite } from "./site.ts";
import { ensureUpstreamFiles } from "./upstream-files.ts";

export interface UpOptions {
  /** URL of a Debian mirror; the machine's own when left out. */
  mirror?: string | undefined;
  /** Whether there is to be a mesh, of which the operator is a member; not when left out. */
  withMesh?: boolean;
  /** Whether the spare host is to be there, too; it is in no inventory. Not when left out. */
  withSpare?: boolean;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * Brings up whatever of the lab's hosts and servers is not up, whatever an earlier run has left;
 * returns when ssh works on all hosts and the servers answer. What is done survives an interruption,
 * and the next run goes on there. Throws what checkRequirements throws, and LAB_PROGRAM_MISSING, LAB_MIRROR_MISSING,
 * LAB_CACHE_BUSY, LAB_HOST_MISSING, LAB_HOST_FAILED, LAB_SERVERS_FAILED, LAB_MESH_FAILED, and what
 * buildComponents, ensureUpstreamFiles and ensureKnotFiles throw.
 */
export async function bringUp(
  paths: LabPaths,
  { mirror, withMesh = false, withSpare = false, progress, signal }: UpOptions,
): Promise<Record<string, BootedHost>> {
  const modules = await readModules();
  const machine = await readMachine(paths);
  if (machine.cgroupMode === "v2") {
    progress.say("cgroup v2: the lab was written for it and never tested on it");
  }
  await checkRequirements(machine, paths);
  await ensurePackages(progress);
  const components = await buildComponents({
    only: listServerGroups({ withMesh }),
    signal,
    onEvent(event) {
      const line = renderBuildEvent(event);
      if (line !== undefined) progress.say(line.trim());
    },
  });
  const upstreamFolder = await ensureUpstreamFiles({ progress, signal });
  const knot = await ensureKnotFiles({ mirror, signal });
  // Before the first change that `down` undoes.
  await ensureRecord(paths, modules);
  const tree = await ensureTree({ mirror, progress, signal });
  await raiseSettings();
  await ensureSite(paths, planServerSettings(paths));
  await ensureOperatorFiles(paths);
  // Hosts trust their CA from their first boot on.
  await mkdir(paths.servers.folder, { recursive: true, mode: 0o700 });
  await ensureCertificates(paths.servers, serverNames);
  signal.throwIfAborted();
  await ensureNetwork();
  progress.say("the network and the operator's namespace are there");
  const booted = await Promise.all(
    (withSpare ? allHosts : labHosts).map(async (host) => [
      host.name,
      await bringUpHost(paths, host, tree, { progress, signal }),
    ]),
  );
  // After the hosts: their power is then as the provider is to find it.
  await ensureServers(paths, { components, upstreamFolder, knot, progress, signal });
  if (withMesh) {
    const address = await ensureOperatorMesh(paths, { components, signal });
    progress.say(`the operator is in the mesh, at ${address}`);
  }
  return Object.fromEntries(booted) as Record<string, BootedHost>;
}

async function bringUpHost(
  paths: LabPaths,
  { name, address }: LabHost,
  tree: string,
  { progress, signal }: UpOptions,
): Promise<BootedHost> {
  await ensureDisk(paths, name, tree);
  const wasRunning = (await readPower(paths, name)) === "running";
  if (!wasRunning) {
    await powerOn(paths, name);
    progress.say(`${name} boots`);
  }
  const isRunning = async () => (await readPower(paths, name)) === "running";
  const booted = await waitForHost(paths, name, isRunning, signal);
  const failed =
    booted.failedUnits.length === 0 ? "" : ` (failed: ${booted.failedUnits.join(", ")})`;
  progress.say(
    `${name} ${wasRunning ? "ran already" : "is up"} at ${address}: ${booted.state}${failed}`,
  );
  return booted;
}
