import { rm } from "node:fs/promises";
import { exitCodes, InfraError } from "../lib/errors.ts";
import {
  findLabCgroups,
  listCgroupProcesses,
  removeCgroups,
  removeSlice,
  thawCgroups,
} from "./cgroups.ts";
import { allHosts } from "./host-list.ts";
import { restoreSettings, unloadModules } from "./kernel-settings.ts";
import { type Mount, readMounts, unmountAll } from "./mounts.ts";
import { listNamespaceProcesses, listNamespaces, removeNamespace } from "./network.ts";
import type { LabPaths } from "./paths.ts";
import { powerOff, readPower } from "./power.ts";
import { killAll } from "./processes.ts";
import type { Progress } from "./progress.ts";
import { isOfThisBoot, readRecord, removeRecord } from "./record.ts";
import { removeSharedFolders } from "./shared-folders.ts";

/** What was there and is not any more. */
export interface DownResult {
  processes: number;
  mounts: number;
  namespaces: number;
  /** Kernel settings that had another value than before the lab. */
  settings: string[];
  modules: string[];
}

/** A program that a killed `up` has started may still be making something. */
const rounds = 5;

/**
 * Ends the lab and removes all of it but the cache, whatever state it is in: half made, crashed,
 * with hosts killed. Puts back what the record says of the machine. The caller holds the lock.
 * Throws LAB_RECORD_UNREADABLE, LAB_PROCESS_STUCK and LAB_LEFTOVERS; the next run goes on there.
 */
export async function takeDown(paths: LabPaths, progress: Progress): Promise<DownResult> {
  const record = await readRecord(paths);
  const result: DownResult = {
    processes: 0,
    mounts: (await readMounts()).filter((mount) => isBelow(paths, mount)).length,
    namespaces: (await listNamespaces()).length,
    settings: [],
    modules: [],
  };
  for (let round = 1; round === 1 || (await isSomethingLeft(paths)); round += 1) {
    if (round > rounds) throw leftovers();
    await endEverything(paths, result);
  }
  if (record === undefined && result.namespaces > 0) {
    progress.say("there is no record of the machine before the lab: its kernel settings stay");
  }
  if (record !== undefined && (await isOfThisBoot(record))) {
    result.settings = await restoreSettings(record.settings);
    result.modules = await unloadModules(record.modules);
  }
  if (record !== undefined) await removeSharedFolders(record.folders);
  await rm(paths.traps, { recursive: true, force: true });
  await removeRecord(paths, record);
  progress.say(renderResult(result));
  return result;
}

async function endEverything(paths: LabPaths, result: DownResult): Promise<void> {
  await thawCgroups(await findLabCgroups());
  // The lab's servers first: one of them may be about to switch a host on.
  result.processes += await killAll(async () => {
    const lists = (await listNamespaces()).map(listNamespaceProcesses);
    return (await Promise.all(lists)).flat();
  });
  const counts = await Promise.all(allHosts.map(({ name }) => powerOff(paths, name)));
  for (const count of counts) result.processes += count;
  const cgroups = await findLabCgroups();
  result.processes += await killAll(async () => await listCgroupProcesses(cgroups));
  await unmountAll(paths.state);
  await removeCgroups(cgroups);
  await removeSlice();
  for (const namespace of await listNamespaces()) await removeNamespace(namespace);
}

async function isSomethingLeft(paths: LabPaths): Promise<boolean> {
  if ((await readMounts()).some((mount) => isBelow(paths, mount))) return true;
  if ((await listNamespaces()).length > 0) return true;
  if ((await findLabCgroups()).length > 0) return true;
  const power = await Promise.all(allHosts.map(({ name }) => readPower(paths, name)));
  return power.includes("running");
}

function isBelow(paths: LabPaths, { point }: Mount): boolean {
  return point.startsWith(`${paths.state}/`);
}

function renderResult({ processes, mounts, namespaces, settings, modules }: DownResult): string {
  const parts = [
    [processes, "processes ended"],
    [mounts, "filesystems unmounted"],
    [namespaces, "networks removed"],
    [settings.length, `kernel settings put back (${settings.join(", ")})`],
    [modules.length, `modules unloaded (${modules.join(", ")})`],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return told.length === 0 ? "nothing of the lab was running" : told.join(", ");
}

function leftovers(): InfraError {
  return new InfraError({
    code: "LAB_LEFTOVERS",
    message: "something makes parts of the lab again as fast as they are removed",
    fix: "Look for a program that still works on it (ps -ef), end it, then run the same command again",
    exitCode: exitCodes.failed,
  });
}
