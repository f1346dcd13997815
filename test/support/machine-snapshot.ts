import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** What the lab might leave on a machine, as sorted lines; equal when nothing was left. */
export type MachineSnapshot = Record<string, string[]>;

/** Settings that change by themselves. */
const restless =
  /^(fs\/(dentry-state|file-nr|inode-(nr|state)|aio-nr|quota\/.*|epoll\/.*)|kernel\/(ns_last_pid|random\/.*|pty\/nr|perf_.*|tainted|threads-max)|net\/netfilter\/nf_conntrack_count)$/;

/** Reads what is there now. Processes and cgroups of others, who may be at work too, are left out. */
export function readSnapshot(): MachineSnapshot {
  return {
    processes: listProcesses(),
    mounts: listMounts(),
    namespaces: listNames("/run/netns"),
    links: runLines("ip", "-brief", "link").map((line) => line.split(/\s+/, 1)[0] ?? ""),
    cgroups: listCgroups(),
    settings: ["fs", "kernel", "vm", "net"].flatMap((name) => listSettings(name)),
    modules: readLines("/proc/modules").map((line) => line.split(" ", 1)[0] ?? ""),
    devices: listTree("/dev", 2),
    runFolder: listTree("/run", 4),
    homeFolders: [".ansible", ".kube", ".local", ".ssh"].flatMap((name) =>
      listTree(path.join(homedir(), name), 3),
    ),
    etc: listTree("/etc/netns", 2),
  };
}

/** What is there now and was not (`+`), or was there and is not (`-`); others may end processes. */
export function compareSnapshots(before: MachineSnapshot, now: MachineSnapshot): string[] {
  return Object.entries(now).flatMap(([kind, lines]) => {
    const earlier = before[kind] ?? [];
    const more = lines.filter((line) => !earlier.includes(line));
    const less = kind === "processes" ? [] : earlier.filter((line) => !lines.includes(line));
    return [
      ...more.map((line) => `+ ${kind}: ${line}`),
      ...less.map((line) => `- ${kind}: ${line}`),
    ];
  });
}

/**
 * What has lost its parent in the cgroups of this process, and all that names the lab. What others
 * do meanwhile has a parent, or is in other cgroups.
 */
function listProcesses(): string[] {
  const own = readText("/proc/self/cgroup").trim().split("\n");
  const ancestors = listAncestors(process.pid);
  return listNames("/proc")
    .filter((name) => /^\d+$/.test(name) && !ancestors.includes(Number(name)))
    .flatMap((pid) => {
      const cgroups = readText(`/proc/${pid}/cgroup`);
      const command = readText(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
      const isOrphan = readParent(pid) === 1 && own.every((line) => cgroups.includes(line));
      const isOfLab = /infra-k3s-lab|state\/infra-k3s|systemd-nspawn/.test(`${command} ${cgroups}`);
      return command !== "" && (isOrphan || isOfLab) ? [`${pid} ${command}`] : [];
    });
}

function listAncestors(pid: number): number[] {
  const parent = readParent(pid);
  return parent === 0 ? [pid] : [pid, ...listAncestors(parent)];
}

function readParent(pid: number | string): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0);
}

function listMounts(): string[] {
  return readLines("/proc/self/mountinfo")
    .map((line) => line.split(" ").slice(3).join(" "))
    .toSorted(compare);
}

/** Those of the lab and of container runtimes, and all below the ones that this process is in. */
function listCgroups(): string[] {
  const own = readLines("/proc/self/cgroup")
    .map((line) => line.replace(/^\d+:[^:]*:/, ""))
    .filter((cgroup) => cgroup !== "/");
  // Whoever runs this may give each command, also each of others, a cgroup of its own.
  return runLines("find", "/sys/fs/cgroup", "-type", "d")
    .filter(
      (folder) =>
        /infra-k3s|infrak3s|kubepods|k8s\.io/.test(folder) ||
        own.some((one) => folder.includes(one)),
    )
    .toSorted(compare);
}

function listSettings(folder: string): string[] {
  const at = path.join("/proc/sys", folder);
  return readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) return listSettings(name);
    return restless.test(name)
      ? []
      : [`${name} = ${readText(path.join("/proc/sys", name)).trim()}`];
  });
}

/** Everything below a folder, with the target of each link. */
function listTree(folder: string, depth: number): string[] {
  return listNames(folder).flatMap((name) => {
    const file = path.join(folder, name);
    const status = lstatSync(file, { throwIfNoEntry: false });
    if (status === undefined) return [];
    if (status.isSymbolicLink()) return [`${file} -> ${readlinkSync(file)}`];
    if (!status.isDirectory()) return [file];
    return depth <= 1 ? [`${file}/`] : [`${file}/`, ...listTree(file, depth - 1)];
  });
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted(compare);
  } catch {
    return [];
  }
}

function readLines(file: string): string[] {
  return readText(file)
    .split("\n")
    .filter((line) => line !== "");
}

/** Empty when it is not there, is gone by now, or may only be written. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function runLines(program: string, ...args: string[]): string[] {
  return execFileSync(program, args, { encoding: "utf8" })
    .split("\n")
    .filter((line) => line !== "");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
