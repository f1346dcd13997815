import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";

/**
 * Settings that all of the machine has in common, hosts and containers included, and that something
 * in the lab would write: kubelet's (pkg/kubelet/cm/container_manager_linux.go,
 * setupKernelTunables), those that systemd sets as it boots, and ours. What is under net/ is not
 * here: a host sees and changes only its own, and ours may well have been changed by others.
 */
const recordedSettings = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "vm/max_map_count",
  "vm/swappiness",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
  "kernel/core_pattern",
  "kernel/core_uses_pid",
  "kernel/pid_max",
  "kernel/sysrq",
  "fs/file-max",
  "fs/nr_open",
  "fs/protected_fifos",
  "fs/protected_hardlinks",
  "fs/protected_regular",
  "fs/protected_symlinks",
  "fs/inotify/max_user_instances",
  "fs/inotify/max_user_watches",
];

/** The users of all hosts are one to the kernel, so three hosts need more than one does. */
const leastSettings: Readonly<Record<string, number>> = {
  "fs/inotify/max_user_instances": 1024,
  "fs/inotify/max_user_watches": 524_288,
};

/** Modules that the lab's network, filesystems and firewalls load by being used. */
const ownModules =
  /^(overlay|veth|bridge|br_netfilter|stp|llc|tun|vxlan|(ip6_)?udp_tunnel|wireguard|dummy|(x|ip|ip6|eb|arp)_?tables|(ip|ip6|eb)table_\w+|nfnetlink\w*|nf_\w+|nft_\w+|xt_\w+|ipt_\w+|ip6t_\w+|ebt_\w+|ip_set\w*|ip_vs\w*)$/;

export type KernelSettings = Readonly<Record<string, string>>;

/** The settings by their path below /proc/sys; those that this kernel lacks are left out. */
export async function readSettings(): Promise<KernelSettings> {
  const settings: Record<string, string> = {};
  for (const name of recordedSettings) {
    const value = await readSetting(name);
    if (value !== undefined) settings[name] = value;
  }
  return settings;
}

/** Raises what is too low for three hosts on one machine. */
export async function raiseSettings(): Promise<void> {
  for (const [name, least] of Object.entries(leastSettings)) {
    const value = await readSetting(name);
    if (value !== undefined && Number(value) < least) await writeSetting(name, String(least));
  }
}

/** Gives each setting its recorded value again; returns the names of those that had another. */
export async function restoreSettings(recorded: KernelSettings): Promise<string[]> {
  const changed: string[] = [];
  for (const [name, value] of Object.entries(recorded)) {
    const now = await readSetting(name);
    if (now === undefined || now === value) continue;
    await writeSetting(name, value);
    changed.push(name);
  }
  return changed;
}

/** The loaded modules; empty on a kernel without any. */
export async function readModules(): Promise<string[]> {
  const text = await readFile("/proc/modules", "utf8").catch(() => "");
  return text
    .split("\n")
    .flatMap((line) => line.split(" ", 1))
    .filter((name) => name !== "");
}

/**
 * Unloads the modules that the lab has brought in since `recorded` was read; returns the names of
 * those that are gone. One that is in use, or that no lab needs, stays.
 */
export async function unloadModules(recorded: readonly string[]): Promise<string[]> {
  const unloaded: string[] = [];
  for (;;) {
    const now = await readModules();
    const mine = now.filter((name) => ownModules.test(name) && !recorded.includes(name));
    if (mine.length === 0) return unloaded;
    // A module can go only after those that use it.
    for (const name of mine) await run(["rmmod", name], { allowedCodes: [0, 1] });
    const left = await readModules();
    const gone = mine.filter((name) => !left.includes(name));
    if (gone.length === 0) return unloaded;
    unloaded.push(...gone);
  }
}

async function readSetting(name: string): Promise<string | undefined> {
  try {
    return (await readFile(path.join("/proc/sys", name), "utf8")).trim();
  } catch (error) {
    // What may not even be read will not be changed.
    if (["ENOENT", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw error;
  }
}

async function writeSetting(name: string, value: string): Promise<void> {
  await writeFile(path.join("/proc/sys", name), value);
}
