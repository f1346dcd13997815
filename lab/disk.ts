import { statfs } from "node:fs/promises";
import path from "node:path";
import { InfraError } from "../lib/errors.ts";
import { renderBytes } from "../lib/steps/render-lines.ts";

/** A first build takes 9.3 GB for compiled packages, 7.1 for modules and Go, and 1.2 for programs. */
export const buildBytes = 18_000_000_000;

/** Throws LAB_DISK_FULL unless the filesystem of each folder, made or not yet, has so much room. */
export async function checkDisk(folders: readonly string[], neededBytes: number): Promise<void> {
  for (const folder of folders) {
    const free = await readFreeBytes(folder);
    if (free >= neededBytes) continue;
    throw new InfraError({
      code: "LAB_DISK_FULL",
      message: "the disk has too little room to build the lab's components",
      where: { file: folder },
      why: `${renderBytes(free)} are free, ${renderBytes(neededBytes)} are needed`,
      fix: "Free some room (go clean -cache gives back what earlier builds took), then run the same command again",
    });
  }
}

/** Of the filesystem that a folder is on, or will be on once it is made. */
async function readFreeBytes(folder: string): Promise<number> {
  for (let place = path.resolve(folder); ; place = path.dirname(place)) {
    try {
      const { bavail, bsize } = await statfs(place);
      return bavail * bsize;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || place === "/") throw error;
    }
  }
}
