import { rmdirSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";
import { isMountPoint } from "./mounts.ts";

/** Folders on the machine that programs make for themselves, and that others may use too. */
const sharedFolders = [
  // iproute2 makes it, and mounts it on itself.
  "/run/netns",
  "/run/systemd/nspawn",
] as const;

export type FolderState = "absent" | "folder" | "mount";

/** What is there before the lab, by the folder. */
export type SharedFolders = Record<string, FolderState>;

/** Reads what is there now. */
export async function readSharedFolders(): Promise<SharedFolders> {
  const states = sharedFolders.map(async (folder) => [folder, await readState(folder)] as const);
  return Object.fromEntries(await Promise.all(states));
}

/** Removes what was not there before, unless others use it by now. */
export async function removeSharedFolders(before: SharedFolders): Promise<void> {
  for (const folder of sharedFolders) {
    if (before[folder] === "mount" || (await countFiles(folder)) > 0) continue;
    if (await isMountPoint(folder)) await run(["umount", "--", folder]);
    if (before[folder] === "absent") await removeEmptyTree(folder);
  }
}

/** Removes a folder unless something is in it, or it is gone. */
export function removeEmptyFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}

async function readState(folder: string): Promise<FolderState> {
  if ((await stat(folder).catch(() => undefined)) === undefined) return "absent";
  return (await isMountPoint(folder)) ? "mount" : "folder";
}

/** All below it that is not a folder. */
async function countFiles(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).length;
}

async function removeEmptyTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const { name } of entries) await removeEmptyTree(path.join(folder, name));
  removeEmptyFolder(folder);
}
