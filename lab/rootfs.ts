import {
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";
import { findMirror } from "./mirror.ts";
import type { Progress } from "./progress.ts";
import { runWatched } from "./watched-program.ts";

/** Debian 12, as most providers offer it; its systemd knows cgroup v1 and v2. */
const suite = "bookworm";

/** What a provider's image has, as far as the project's roles rely on it. */
const packages = words(`
  systemd systemd-sysv dbus openssh-server python3 python3-apt sudo iproute2 iptables nftables ufw
  curl ca-certificates conntrack socat ethtool ebtables kmod procps iputils-ping runc rsync jq gpg
`);

/** Units without a use in a container, or that would reach for what the machine has only one of. */
const maskedUnits = words(`
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
  e2scrub_reap.service fstrim.timer console-getty.service getty.target sys-kernel-debug.mount
  sys-kernel-tracing.mount
`);

/** Files of ours that the hosts have. */
const filesFolder = path.join(import.meta.dirname, "hosts/files");

const noSources = "# The lab's hosts reach no mirror but one that is on the lab's own network\n";

/** Between two lines of progress. */
const progressSeconds = 10;

export interface TreeOptions {
  /** URL of a Debian mirror; the machine's own when left out. */
  mirror?: string | undefined;
  progress: Progress;
  signal?: AbortSignal;
}

/**
 * The tree that all hosts boot from, out of the cache or made now; returns its folder. Throws
 * LAB_MIRROR_MISSING, LAB_CACHE_BUSY, EXEC_FAILED, and the reason of `signal`.
 */
export async function ensureTree(options: TreeOptions): Promise<string> {
  const cache = findCacheFolder();
  const key = await nameTree();
  const tree = path.join(cache, key);
  // Renamed to this only once it was whole and on disk.
  if ((await stat(tree).catch(() => undefined)) !== undefined) return tree;
  await fillEntry(cache, key, async (folder) => await fillTree(folder, options));
  return tree;
}

/** The name of the tree's entry in the cache. */
export async function nameTree(): Promise<string> {
  const recipe = [suite, ...packages, ...maskedUnits, noSources, String(finishTree)].join("\n");
  const files = await readFiles(filesFolder);
  return makeKey("rootfs", { ...files, recipe, architecture: process.arch });
}

async function fillTree(folder: string, { mirror, progress, signal }: TreeOptions): Promise<void> {
  const from = mirror ?? (await findMirror());
  const size = "about 400 MB, once for all hosts and times";
  progress.say(`making the hosts' system from ${from} (${size})`);
  let last = "";
  let configured = 0;
  const timer = setInterval(() => {
    progress.say(
      `the hosts' system: ${last}${configured === 0 ? "" : `, ${configured} packages set up`}`,
    );
  }, progressSeconds * 1000);
  try {
    await runWatched(
      ["debootstrap", "--variant=minbase", `--include=${packages.join(",")}`, suite, folder, from],
      (line) => {
        last = line.replace(/^[IWE]: /, "").replace(/\.+$/, "");
        if (line.startsWith("I: Configuring ")) configured += 1;
      },
      { signal },
    );
  } finally {
    clearInterval(timer);
  }
  await finishTree(folder);
  // A power cut must not leave a tree whose files have names and no content.
  await run(["sync", "--file-system", folder]);
}

async function finishTree(folder: string): Promise<void> {
  const at = (file: string) => path.join(folder, file);
  // Not with the modes that the work tree's files happen to have.
  const copy = 'tar -C "$1" --mode=u=rwX,go=rX --owner=0 --group=0 -c . | tar -C "$2" -x';
  await run(["bash", "-c", `set -o pipefail; ${copy}`, "copy", filesFolder, folder]);
  for (const unit of maskedUnits) {
    await rm(at(`etc/systemd/system/${unit}`), { force: true });
    await symlink("/dev/null", at(`etc/systemd/system/${unit}`));
  }
  // Each host gets its own.
  const keys = (await readdir(at("etc/ssh"))).filter((name) => name.startsWith("ssh_host_"));
  for (const name of keys) await rm(at(`etc/ssh/${name}`));
  await truncate(at("etc/machine-id"));
  await writeFile(at("etc/apt/sources.list"), noSources);
  for (const used of ["var/lib/apt/lists", "var/cache/apt/archives"]) {
    for (const name of await readdir(at(used))) {
      await rm(path.join(at(used), name), { recursive: true, force: true });
    }
  }
}

/** The content of each file below the folder, and the target of each link, by its path. */
async function readFiles(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.flatMap((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) return [readlink(file).then((target) => [file, target] as const)];
    if (!entry.isFile()) return [];
    return [readFile(file, "utf8").then((text) => [file, text] as const)];
  });
  const all = (await Promise.all(files)).map(([file, text]) => [path.relative(folder, file), text]);
  return Object.fromEntries(all) as Record<string, string>;
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
