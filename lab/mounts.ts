import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../lib/exec/run.ts";

export interface Mount {
  /** The folder of the filesystem that is mounted; `/` unless only a part of it is. */
  root: string;
  point: string;
  type: string;
  /** Options of the filesystem; for cgroup v1 they name its controllers. */
  options: string[];
}

/** The mounts of /proc/<pid>/mountinfo (proc_pid_mountinfo(5)), in the order they were made. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const [, , , root = "", point = ""] = before.split(" ");
      const [type = "", , options = ""] = after.split(" ");
      return { root: unescape(root), point: unescape(point), type, options: options.split(",") };
    });
}

/** This process's own mounts. */
export async function readMounts(): Promise<Mount[]> {
  return parseMounts(await readFile("/proc/self/mountinfo", "utf8"));
}

/** Whether something is mounted right there. */
export async function isMountPoint(folder: string): Promise<boolean> {
  return (await readMounts()).some(({ point }) => point === folder);
}

/** Unmounts everything at or below the folder, the last mount first; returns how many there were. */
export async function unmountAll(folder: string): Promise<number> {
  const points = (await readMounts())
    .map(({ point }) => point)
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .toReversed();
  for (const point of points) await unmount(point);
  return points.length;
}

/** A filesystem stays busy for a moment after its last process was killed. */
async function unmount(point: string): Promise<void> {
  for (let tries = 0; tries < 30; tries += 1) {
    const { code } = await run(["umount", "--", point], { allowedCodes: [0, 1, 32] });
    if (code === 0 || !(await isMountPoint(point))) return;
    await sleep(100);
  }
  // Somebody's shell is in it: gone from the tree now, and for good once that shell leaves.
  await run(["umount", "--lazy", "--", point]);
}

/** Blanks and the like are written as octal numbers. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)));
}
