import { chmod, copyFile, mkdir, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";
import { findMirror } from "./mirror.ts";
import { runWatched } from "./watched-program.ts";

/** The Debian release and the PostgreSQL that it has; it stays the same wherever the lab runs. */
const suite = "bookworm";
const major = "15";

const bin = `usr/lib/postgresql/${major}/bin`;
const modules = `usr/lib/postgresql/${major}/lib`;
const share = `usr/share/postgresql/${major}`;
const zones = "usr/share/zoneinfo";

/** A server, a client, and what proves that a copy of its files is whole. */
const programs = [
  "postgres",
  "initdb",
  "pg_ctl",
  "pg_isready",
  "pg_basebackup",
  "pg_verifybackup",
  "pg_waldump",
  "pg_controldata",
  "pg_checksums",
  "pg_amcheck",
  "psql",
  "pgbench",
] as const;

/** What the server loads; without the one for LLVM it compiles no queries, and is 100 MB smaller. */
const loadable = ["plpgsql.so", "dict_snowball.so", "amcheck.so", "libpqwalreceiver.so"] as const;

/** The user that the server runs as; it refuses root. */
export const postgresUser = 999;

/** A folder to be put into an image as it is, beside a shell. */
export interface PostgresFiles {
  root: string;
  /** `15`; the rest of the version is what the mirror had when this was made. */
  major: string;
}

export interface PostgresOptions {
  cacheFolder?: string;
  /** URL of a Debian mirror; the machine's own when left out. */
  mirror?: string | undefined;
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * PostgreSQL out of the cache, or from Debian's packages, which are only unpacked and not
 * installed: its programs with the libraries that they load, and nothing else of Debian. Takes half
 * a minute the first time. Throws LAB_MIRROR_MISSING, LAB_CACHE_BUSY, EXEC_FAILED and EXEC_MISSING.
 */
export async function ensurePostgresFiles(options: PostgresOptions = {}): Promise<PostgresFiles> {
  const { cacheFolder = findCacheFolder() } = options;
  const recipe = JSON.stringify([suite, programs, loadable, postgresUser, share]);
  const key = makeKey("postgres-files", {
    recipe: [recipe, fill, unpack, copyPrograms, copyLibraries].map(String).join("\n"),
    architecture: process.arch,
  });
  const folder = path.join(cacheFolder, key);
  // Renamed to this only once it was whole.
  if ((await stat(folder).catch(() => undefined)) === undefined) {
    await fillEntry(cacheFolder, key, async (entry) => await fill(entry, options));
  }
  return { root: path.join(folder, "root"), major };
}

async function fill(folder: string, options: PostgresOptions): Promise<void> {
  const at = (name: string) => path.join(folder, name);
  const mirror = options.mirror ?? (await findMirror());
  const server = `--include=postgresql-${major}`;
  await runWatched(
    ["debootstrap", "--download-only", "--variant=minbase", server, suite, at("packages"), mirror],
    options.onLine ?? (() => undefined),
    { signal: options.signal },
  );
  await unpack(at("packages/var/cache/apt/archives"), at("debian"));
  await copyPrograms(at("debian"), at("root"));
  await copyLibraries(at("debian"), at("root"));
  await writeFile(
    at("root/etc/passwd"),
    `root:x:0:0:root:/root:/bin/sh\npostgres:x:${postgresUser}:${postgresUser}::/tmp:/bin/sh\n`,
    { mode: 0o644 },
  );
  await writeFile(at("root/etc/group"), `root:x:0:\npostgres:x:${postgresUser}:\n`, {
    mode: 0o644,
  });
  // A library that is missing shows here, and not in a cluster.
  for (const name of programs) await run(["chroot", at("root"), `/usr/bin/${name}`, "--version"]);
  await rm(at("packages"), { recursive: true });
  await rm(at("debian"), { recursive: true });
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

async function copyPrograms(tree: string, root: string): Promise<void> {
  const folders = ["etc", "usr/bin", bin, modules, path.dirname(share), zones];
  for (const name of folders) await makeFolder(root, name);
  for (const name of programs) {
    await copyFile(path.join(tree, bin, name), path.join(root, bin, name));
    await symlink(path.join("/", bin, name), path.join(root, "usr/bin", name));
  }
  for (const name of loadable) {
    await copyFile(path.join(tree, modules, name), path.join(root, modules, name));
  }
  await run(["cp", "-a", path.join(tree, share), path.join(root, share)]);
  await rm(path.join(root, share, "man"), { recursive: true });
  // It looks for the machine's own time zone at each start.
  await run(["cp", "-a", path.join(tree, zones, "Etc"), path.join(root, zones)]);
}

/** Follows what the programs ask their loader for. */
async function copyLibraries(tree: string, root: string): Promise<void> {
  const loader =
    process.arch === "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
  const wanted = new Set([loader]);
  for (const file of [
    ...programs.map((one) => `${bin}/${one}`),
    ...loadable.map((one) => `${modules}/${one}`),
  ]) {
    const { stdout } = await run(["chroot", tree, loader, "--list", `/${file}`]);
    for (const [, library = ""] of stdout.matchAll(/=> (\/\S+) \(/g)) wanted.add(library);
  }
  for (const library of wanted) {
    await makeFolder(root, path.dirname(library));
    await copyFile(path.join(tree, library), path.join(root, library));
    await chmod(path.join(root, library), 0o755);
  }
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
