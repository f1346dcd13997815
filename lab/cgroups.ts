import { mkdir, readdir, readFile, rmdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../lib/exec/run.ts";
import { type Mount, readMounts } from "./mounts.ts";
import { labName } from "./paths.ts";

/** The machine's cgroups: v1, also beside an empty v2 as systemd's hybrid mode has it, or v2. */
export type CgroupMode = "v1" | "v2";

/** What kubelet and containerd need on v1. */
const neededControllers = [
  "blkio",
  "cpu",
  "cpuacct",
  "cpuset",
  "devices",
  "freezer",
  "memory",
  "pids",
];

const removeSeconds = 10;

/** Without a dash, which in the name of a slice would stand for another slice above it. */
const labSlice = "infrak3slab.slice";

/** A tree of cgroups, and where in it this process is. */
export interface Hierarchy {
  controllers: string[];
  folder: string;
}

/** Undefined when the machine has neither, or lacks a controller of v1. */
export function findMode(mounts: readonly Mount[]): CgroupMode | undefined {
  const v1 = mounts.filter(({ type }) => type === "cgroup");
  const isComplete = neededControllers.every((one) =>
    v1.some(({ options }) => options.includes(one)),
  );
  if (isComplete) return "v1";
  const isUnified = mounts.some(
    ({ type, point }) => type === "cgroup2" && point === "/sys/fs/cgroup",
  );
  return isUnified && v1.length === 0 ? "v2" : undefined;
}

/** Every hierarchy that is mounted, from /proc/self/mountinfo and /proc/self/cgroup. */
export function findHierarchies(mounts: readonly Mount[], selfCgroup: string): Hierarchy[] {
  return selfCgroup.split("\n").flatMap((line) => {
    const [, names = "", cgroup] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (cgroup === undefined) return [];
    const controllers = names === "" ? [] : names.split(",");
    const mount = mounts.find(({ type, options }) =>
      names === ""
        ? type === "cgroup2"
        : type === "cgroup" && controllers.every((one) => options.includes(one)),
    );
    if (mount === undefined) return [];
    // Of a cgroup outside of what is mounted, only the top of what is mounted can be had.
    const relative = path.relative(mount.root, cgroup);
    const folder = relative.startsWith("..") ? mount.point : path.join(mount.point, relative);
    return { controllers, folder };
  });
}

/**
 * Makes a folder for the host in every v1 hierarchy, below the cgroup that this process is in, so
 * that whatever limits this process limits the lab; returns the folders.
 */
export async function ensureHostCgroups(host: string): Promise<string[]> {
  const selfCgroup = await readFile("/proc/self/cgroup", "utf8");
  const hierarchies = findHierarchies(await readMounts(), selfCgroup);
  const folders: string[] = [];
  for (const { controllers, folder } of hierarchies) {
    const lab = path.join(folder, labName);
    const own = path.join(lab, host);
    await mkdir(own, { recursive: true });
    if (controllers.includes("cpuset")) for (const one of [lab, own]) await fillCpuset(one);
    folders.push(own);
  }
  return folders;
}

/** The folders of one host, or those of the whole lab, wherever they are. */
export async function findLabCgroups(host?: string): Promise<string[]> {
  const points = (await readMounts())
    .filter(({ type }) => type === "cgroup" || type === "cgroup2")
    .map(({ point }) => point);
  const found = await Promise.all(points.map((point) => findBelow(point, host)));
  return found.flat();
}

/** The processes of the folders and of all below them. */
export async function listCgroupProcesses(folders: readonly string[]): Promise<number[]> {
  const pids = new Set<number>();
  for (const folder of await listTrees(folders)) {
    const text = await readFile(path.join(folder, "cgroup.procs"), "utf8").catch(() => "");
    for (const line of text.split("\n")) if (line !== "" && line !== "0") pids.add(Number(line));
  }
  return [...pids];
}

/** Lets go what a container runtime has frozen: on v1 a frozen process cannot even be killed. */
export async function thawCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of await listTrees(folders)) {
    await writeFile(path.join(folder, "freezer.state"), "THAWED", { flag: "r+" }).catch(() => {
      // Only the freezer's hierarchy has that file.
    });
  }
}

/** Removes the folders, which have no process any more, and all below them. */
export async function removeCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of (await listTrees(folders)).toReversed()) await removeFolder(folder);
}

/**
 * What to write before a command line so that systemd gives it a cgroup of v2 that is its own to
 * divide; systemd removes it with its last process. Not tested: there was no such machine.
 */
export function planScope(host: string): string[] {
  const unit = [`--unit=${nameScope(host)}`, `--slice=${labSlice}`, "--property=Delegate=yes"];
  return ["systemd-run", "--scope", "--quiet", "--collect", ...unit, "--"];
}

/** Removes the slice that systemd has made for the scopes; there is none on v1. */
export async function removeSlice(): Promise<void> {
  const isThere =
    (await stat(path.join("/sys/fs/cgroup", labSlice)).catch(() => undefined)) !== undefined;
  if (isThere) await run(["systemctl", "stop", labSlice]);
}

function nameScope(host: string): string {
  return `${labName}-${host}.scope`;
}

async function findBelow(folder: string, host: string | undefined): Promise<string[]> {
  const found = await Promise.all(
    (await listFolders(folder)).map(async (name) => {
      const one = path.join(folder, name);
      if (name === labName) {
        if (host === undefined) return [one];
        return (await listFolders(one)).includes(host) ? [path.join(one, host)] : [];
      }
      const isScope =
        host === undefined
          ? name.startsWith(`${labName}-`) && name.endsWith(".scope")
          : name === nameScope(host);
      return isScope ? [one] : await findBelow(one, host);
    }),
  );
  return found.flat();
}

/** The folders and all below them, each after the one it is in. */
async function listTrees(folders: readonly string[]): Promise<string[]> {
  const trees = await Promise.all(
    folders.map(async (folder) => {
      const names = await listFolders(folder);
      return [folder, ...(await listTrees(names.map((name) => path.join(folder, name))))];
    }),
  );
  return trees.flat();
}

async function listFolders(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    // Cgroups come and go.
    if (["ENOENT", "ENODEV"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

/** Without processors and memory nodes of its own no process may enter it (cpuset(7)). */
async function fillCpuset(folder: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const above = await readFile(path.join(folder, "..", file), "utf8");
    await writeFile(path.join(folder, file), above);
  }
}

/** A cgroup stays busy for a moment after its last process has gone. */
async function removeFolder(folder: string): Promise<void> {
  const deadline = Date.now() + removeSeconds * 1000;
  for (;;) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || Date.now() > deadline) throw error;
    }
    await sleep(20);
  }
}
