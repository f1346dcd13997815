import { readdir } from "node:fs/promises";
import path from "node:path";
import { dataFolders } from "../host-disk.ts";
import type { LabPaths } from "../paths.ts";

/**
 * Where a path of a host lies on this machine, whether or not the host runs: what is on its data
 * folders stays when its power is cut. Throws a plain Error for any other path, which does not.
 */
export function findOnDisk(paths: LabPaths, host: string, file: string): string {
  for (const [name, mountedAt] of Object.entries(dataFolders)) {
    if (file.startsWith(`${mountedAt}/`)) {
      return path.join(paths.host(host).data, name, file.slice(mountedAt.length));
    }
  }
  throw new Error(`${file} is not in a data folder of ${host}`);
}

/** How many files, folders and links there are below a folder; 0 when it is gone. */
export async function countFiles(folder: string): Promise<number> {
  return (await readdir(folder, { recursive: true }).catch(() => [])).length;
}
