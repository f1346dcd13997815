import { stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";
import type { Components } from "./build-components.ts";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";
import type { DebianFiles } from "./debian-files.ts";
import { hashFile } from "./hash-file.ts";
import {
  getProgram,
  type ImageRecipe,
  planRestoreImage,
  planSystemImages,
} from "./image-recipes.ts";
import { archiveRecipe, writeArchive } from "./images.ts";

/** What the stand-in runs as its children or on behalf of containerd, all in one folder. */
const bundledPrograms = [
  "kubernetes",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
  "containerd",
  "containerd-shim-runc-v2",
  "ctr",
  "etcd",
  "bridge",
  "host-local",
  "loopback",
  "portmap",
] as const;

/** A folder with the files that a release of k3s has, and the archive of the restore image. */
export interface K3sRelease {
  folder: string;
  /** What `k3s --version` says: `v1.36.3+k3s1`. */
  version: string;
  /** Paths of the files. */
  k3s: string;
  images: string;
  restoreImage: string;
  /** SHA-256 sums of the others, as `sha256sum` writes them. */
  sums: string;
}

export interface ReleaseParts {
  components: Components;
  debian: DebianFiles;
  restoreImage: string;
  cacheFolder?: string;
}

/**
 * The release out of the cache, or packed now, which takes some ten seconds. Its file names are
 * those of https://github.com/k3s-io/k3s/releases. Throws EXEC_FAILED and LAB_CACHE_BUSY.
 */
export async function ensureK3sRelease(parts: ReleaseParts): Promise<K3sRelease> {
  const { components, debian, restoreImage, cacheFolder = findCacheFolder() } = parts;
  const { programs, versions } = components;
  const imageParts = { programs, versions, debian, restoreImage };
  const system = planSystemImages(imageParts);
  const restore = planRestoreImage(imageParts);
  const version = versions["kubernetes"] ?? "";
  // Paths in the cache have the hash of what made their files.
  const inputs = [
    version,
    system,
    restore,
    bundledPrograms.map((name) => getProgram(programs, name)),
  ];
  const key = makeKey("k3s-release", {
    inputs: JSON.stringify([
      ...inputs,
      getProgram(programs, "k3s-program"),
      getProgram(programs, "umoci"),
    ]),
    recipe: [archiveRecipe, String(fill)].join("\n"),
  });
  const release = nameFiles(path.join(cacheFolder, key), version);
  // Renamed to this only once it was whole.
  if ((await stat(release.folder).catch(() => undefined)) === undefined) {
    await fillEntry(cacheFolder, key, async (folder) => {
      await fill(nameFiles(folder, version), programs, system, restore);
    });
  }
  return release;
}

function nameFiles(folder: string, version: string): K3sRelease {
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const at = (name: string) => path.join(folder, name);
  return {
    folder,
    version,
    k3s: at(architecture === "amd64" ? "k3s" : "k3s-arm64"),
    images: at(`k3s-airgap-images-${architecture}.tar`),
    restoreImage: at(`restore-image-${architecture}.tar`),
    sums: at(`sha256sum-${architecture}.txt`),
  };
}

async function fill(
  release: K3sRelease,
  programs: Readonly<Record<string, string>>,
  system: readonly ImageRecipe[],
  restore: ImageRecipe,
): Promise<void> {
  const umoci = getProgram(programs, "umoci");
  await run([
    getProgram(programs, "pack-k3s"),
    "--program",
    getProgram(programs, "k3s-program"),
    "--output",
    release.k3s,
    "--version",
    release.version,
    ...system.flatMap(({ what, name }) => ["--image", `${what}=${name}`]),
    ...bundledPrograms.map((name) => getProgram(programs, name)),
  ]);
  await writeArchive(umoci, system, release.images);
  await writeArchive(umoci, [restore], release.restoreImage);
  const files = [release.k3s, release.images, release.restoreImage];
  const lines = files.map(async (file) => `${await hashFile(file)}  ${path.basename(file)}\n`);
  await writeFile(release.sums, (await Promise.all(lines)).join(""));
}
