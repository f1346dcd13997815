import {
  chmod,
  chown,
  copyFile,
  mkdir,
  open,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";
import { findMirror } from "./mirror.ts";
import { runWatched } from "./watched-program.ts";

/** It stays the same wherever the lab runs. */
const suite = "bookworm";

/** A folder to be put into an image as it is, beside a shell. Paths are those of Debian, without `/`. */
export interface ProgramRoot {
  /** Programs, and what they load or run by themselves. */
  files: readonly string[];
  /** Taken whole. */
  folders?: readonly string[];
  /** Symbolic links by their paths. */
  links?: Readonly<Record<string, string>>;
  user: { name: string; id: number; home: string };
  /** Folders of the user, and their modes. */
  ownFolders?: Readonly<Record<string, number>>;
  /** Commands that must succeed in it: a library that is missing shows here, and not in a cluster. */
  trials: readonly (readonly [string, ...string[]])[];
}

/** What is taken out of the same download. */
export interface ProgramSet<Name extends string> {
  /** Of the entry in the cache. */
  name: string;
  packages: readonly string[];
  roots: Readonly<Record<Name, ProgramRoot>>;
}

export interface DebianOptions {
  cacheFolder?: string;
  /** URL of a Debian mirror; the machine's own when left out. */
  mirror?: string | undefined;
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * The folders out of the cache, or from Debian's packages, which are only unpacked and not
 * installed: programs with the libraries that they load, and nothing else of Debian. Takes half a
 * minute the first time. Throws LAB_MIRROR_MISSING, LAB_CACHE_BUSY, EXEC_FAILED and EXEC_MISSING.
 */
export async function ensureDebianPrograms<Name extends string>(
  set: ProgramSet<Name>,
  options: DebianOptions = {},
): Promise<Record<Name, string>> {
  const { cacheFolder = findCacheFolder() } = options;
  const folder = nameFolder(set, cacheFolder);
  // Renamed to this only once it was whole.
  if ((await stat(folder).catch(() => undefined)) === undefined) {
    const key = path.basename(folder);
    await fillEntry(cacheFolder, key, async (entry) => await fill(entry, set, options));
  }
  return nameRoots(set, folder);
}

/** The folders if the cache has them. */
export async function findDebianPrograms<Name extends string>(
  set: ProgramSet<Name>,
  cacheFolder: string = findCacheFolder(),
): Promise<Record<Name, string> | undefined> {
  const folder = nameFolder(set, cacheFolder);
  const status = await stat(folder).catch(() => undefined);
  return status === undefined ? undefined : nameRoots(set, folder);
}

function nameFolder(set: ProgramSet<string>, cacheFolder: string): string {
  const steps = [fill, unpack, fillRoot, copyLibraries, isElf, writeUsers, makeFolder];
  const key = makeKey(set.name, {
    recipe: [suite, JSON.stringify(set), ...steps.map(String)].join("\n"),
    architecture: process.arch,
  });
  return path.join(cacheFolder, key);
}

function nameRoots<Name extends string>(
  set: ProgramSet<Name>,
  folder: string,
): Record<Name, string> {
  const names = Object.keys(set.roots) as Name[];
  return Object.fromEntries(names.map((name) => [name, path.join(folder, name)])) as Record<
    Name,
    string
  >;
}

async function fill(
  folder: string,
  { packages, roots }: ProgramSet<string>,
  options: DebianOptions,
): Promise<void> {
  const at = (name: string) => path.join(folder, name);
  const mirror = options.mirror ?? (await findMirror());
  const wanted = ["--variant=minbase", `--include=${packages.join(",")}`];
  await runWatched(
    ["debootstrap", "--download-only", ...wanted, suite, at(".packages"), mirror],
    options.onLine ?? (() => undefined),
    { signal: options.signal },
  );
  await unpack(at(".packages/var/cache/apt/archives"), at(".debian"));
  for (const [name, root] of Object.entries(roots)) {
    await fillRoot(at(".debian"), at(name), root);
    await tryPrograms(at(name), root);
  }
  await rm(at(".packages"), { recursive: true });
  await rm(at(".debian"), { recursive: true });
}

/** The packages that debootstrap has proven to be Debian's, as a tree that programs can run in. */
async function unpack(archives: string, tree: string): Promise<void> {
  // Debian's own layout since bookworm; packages still have files under the short names.
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(path.join(tree, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, path.join(tree, name));
  }
  const script = 'set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink';
  for (const name of (await readdir(archives)).filter((one) => one.endsWith(".deb"))) {
    await run(["bash", "-c", script, "unpack", path.join(archives, name)], { cwd: tree });
  }
}

async function fillRoot(tree: string, root: string, wanted: ProgramRoot): Promise<void> {
  for (const name of wanted.files) {
    await makeFolder(root, path.dirname(name));
    await copyFile(path.join(tree, name), path.join(root, name));
  }
  for (const name of wanted.folders ?? []) {
    await makeFolder(root, path.dirname(name));
    await run(["cp", "-a", path.join(tree, name), path.join(root, name)]);
  }
  for (const [name, target] of Object.entries(wanted.links ?? {})) {
    await makeFolder(root, path.dirname(name));
    await symlink(target, path.join(root, name));
  }
  for (const [name, mode] of Object.entries(wanted.ownFolders ?? {})) {
    await makeFolder(root, name);
    await chmod(path.join(root, name), mode);
    await chown(path.join(root, name), wanted.user.id, 0);
  }
  await copyLibraries(tree, root);
  await writeUsers(root, wanted.user);
}

/** Follows what the programs ask their loader for. */
async function copyLibraries(tree: string, root: string): Promise<void> {
  const loader =
    process.arch === "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
  const wanted = new Set([loader]);
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || !(await isElf(file))) continue;
    const name = path.join("/", path.relative(root, file));
    const { stdout } = await run(["chroot", tree, loader, "--list", name]);
    for (const [, library = ""] of stdout.matchAll(/=> (\/\S+) \(/g)) wanted.add(library);
  }
  for (const library of wanted) {
    await makeFolder(root, path.dirname(library));
    await copyFile(path.join(tree, library), path.join(root, library));
    await chmod(path.join(root, library), 0o755);
  }
}

/** Whether it is a program or a library, and no script. */
async function isElf(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read({ buffer: Buffer.alloc(4) });
    return buffer.toString("latin1") === "\x7fELF";
  } finally {
    await handle.close();
  }
}

async function tryPrograms(root: string, { trials }: ProgramRoot): Promise<void> {
  const devices = path.join(root, "dev");
  // Git does not start without it.
  await mkdir(devices);
  await run(["mknod", "--mode=0666", path.join(devices, "null"), "c", "1", "3"]);
  for (const command of trials) await run(["chroot", root, ...command]);
  await rm(devices, { recursive: true });
}

/** Whatever the umask of whoever runs the lab is. */
async function makeFolder(root: string, name: string): Promise<void> {
  const parts = path.join("/", name).split("/");
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const folder = path.join(root, ...parts.slice(0, depth));
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o755);
  }
}

async function writeUsers(root: string, user: ProgramRoot["user"]): Promise<void> {
  const { name, id, home } = user;
  await makeFolder(root, "etc");
  await writeFile(
    path.join(root, "etc/passwd"),
    `root:x:0:0:root:/root:/bin/sh\n${name}:x:${id}:${id}::${home}:/bin/sh\n`,
    { mode: 0o644 },
  );
  await writeFile(path.join(root, "etc/group"), `root:x:0:\n${name}:x:${id}:\n`, { mode: 0o644 });
}
