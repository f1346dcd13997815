import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";

/** What images take from Debian: a shell that needs no libraries, and the CAs of the Internet. */
const packages = ["busybox-static", "ca-certificates"] as const;

/** Folders to be put into images as they are. */
export interface DebianFiles {
  /** A root filesystem with busybox and a link for each of its programs. */
  shell: string;
  /** The version of busybox: `1.35.0-4`. */
  shellVersion: string;
  /** A file with all CAs, one after the other. */
  certificates: string;
}

/**
 * The files out of the cache, or from Debian's packages, which are only unpacked and not installed.
 * Throws EXEC_MISSING and EXEC_FAILED with apt's own words, and LAB_CACHE_BUSY.
 */
export async function ensureDebianFiles(cacheFolder = findCacheFolder()): Promise<DebianFiles> {
  const recipe = [...packages, String(fill), String(fillShell)].join("\n");
  const key = makeKey("image-files", { recipe, architecture: process.arch });
  const folder = path.join(cacheFolder, key);
  // Renamed to this only once it was whole.
  if ((await stat(folder).catch(() => undefined)) === undefined) {
    await fillEntry(cacheFolder, key, fill);
  }
  return {
    shell: path.join(folder, "shell"),
    shellVersion: (await readFile(path.join(folder, "shell-version"), "utf8")).trim(),
    certificates: path.join(folder, "ca-certificates.crt"),
  };
}

async function fill(folder: string): Promise<void> {
  const at = (name: string) => path.join(folder, name);
  const download = at("download");
  await mkdir(download);
  await run(["apt-get", "--quiet", "download", ...packages], {
    cwd: download,
    installHint:
      "Run the lab on Debian or Ubuntu: it takes busybox and the CAs from their packages",
  });
  for (const name of await readdir(download)) {
    await run(["dpkg-deb", "--extract", path.join(download, name), at("unpacked")]);
    const { stdout } = await run(["dpkg-deb", "--field", path.join(download, name), "Version"]);
    // Without the epoch, and with no character that a tag cannot have.
    const version = stdout
      .trim()
      .replace(/^\d+:/, "")
      .replace(/[^\w.-]/g, "-");
    if (name.startsWith("busybox")) await writeFile(at("shell-version"), version);
  }
  await fillShell(at("shell"), at("unpacked/bin/busybox"));
  const authorities = at("unpacked/usr/share/ca-certificates/mozilla");
  const names = (await readdir(authorities)).toSorted();
  const texts = names.map(async (name) => await readFile(path.join(authorities, name), "utf8"));
  await writeFile(at("ca-certificates.crt"), (await Promise.all(texts)).join(""), { mode: 0o644 });
  await rm(download, { recursive: true });
  await rm(at("unpacked"), { recursive: true });
}

async function fillShell(root: string, busybox: string): Promise<void> {
  const at = (name: string) => path.join(root, name);
  for (const [name, mode] of [
    ["", 0o755],
    ["bin", 0o755],
    ["etc", 0o755],
    ["root", 0o700],
    ["tmp", 0o1777],
  ] as const) {
    await mkdir(at(name));
    await chmod(at(name), mode);
  }
  await run(["install", "--mode=0755", busybox, at("bin/busybox")]);
  const { stdout } = await run([busybox, "--list"]);
  for (const name of stdout.trim().split("\n")) {
    if (name !== "busybox") await symlink("busybox", at(`bin/${name}`));
  }
  await writeFile(
    at("etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    { mode: 0o644 },
  );
  await writeFile(at("etc/group"), "root:x:0:\nnogroup:x:65534:\n", { mode: 0o644 });
}
