import { stat } from "node:fs/promises";
import path from "node:path";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";
import { hashFile } from "./hash-file.ts";
import { getProgram, type ImageParts, type ImageRecipe } from "./image-recipes.ts";
import { archiveRecipe, writeArchive } from "./images.ts";

/** An archive of images, in an entry of the cache that holds nothing else. */
export interface ImageArchive {
  file: string;
  sha256: string;
  /** The images in it, by the names that pods use. */
  names: readonly string[];
}

export type VeleroImageParts = Omit<ImageParts, "restoreImage"> & { cacheFolder?: string };

const registry = "docker.io";

/** Of nobody in particular, as upstream's images have it. */
const user = "65532:65532";

/**
 * The images that an installed Velero runs, by upstream's names: the one of server, node agent and
 * data movers, and the one whose only work is to copy the plugin to where the server looks for it
 * (vmware-tanzu/velero: Dockerfile; velero-plugin-for-aws: Dockerfile).
 */
export function planVeleroImages(parts: VeleroImageParts): [ImageRecipe, ImageRecipe] {
  const { programs, versions, debian } = parts;
  const get = (name: string) => getProgram(programs, name);
  const plugin = "velero-plugin-for-aws";
  return [
    {
      what: "velero",
      name: `${registry}/velero/velero:${versions["velero"]}`,
      layers: [
        [debian.shell, "/"],
        [debian.certificates, "/etc/ssl/certs/ca-certificates.crt"],
        [get("velero"), "/velero"],
        [get("velero-helper"), "/velero-helper"],
        [get("velero-restore-helper"), "/velero-restore-helper"],
      ],
      user,
      // It keeps its caches there (pkg/repository/udmrepo/repo_options.go, getRepoConfigFile).
      env: { HOME: "/tmp" },
    },
    {
      what: plugin,
      name: `${registry}/velero/${plugin}:${versions[plugin]}`,
      layers: [
        [debian.shell, "/"],
        [get(plugin), `/plugins/${plugin}`],
      ],
      entrypoint: ["/bin/cp", `/plugins/${plugin}`, `/target/${plugin}`],
      user,
    },
  ];
}

/**
 * The archive out of the cache, or packed now, which takes some ten seconds. Throws EXEC_FAILED and
 * LAB_CACHE_BUSY.
 */
export async function ensureVeleroImages(parts: VeleroImageParts): Promise<ImageArchive> {
  const { programs, cacheFolder = findCacheFolder() } = parts;
  const recipes = planVeleroImages(parts);
  const umoci = getProgram(programs, "umoci");
  // Paths in the cache have the hash of what made their files.
  const inputs = JSON.stringify([umoci, recipes]);
  const key = makeKey("velero-images", { inputs, recipe: archiveRecipe });
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const name = `velero-images-${architecture}.tar`;
  const file = path.join(cacheFolder, key, name);
  // Renamed to this only once it was whole.
  if ((await stat(file).catch(() => undefined)) === undefined) {
    await fillEntry(cacheFolder, key, async (folder) => {
      await writeArchive(umoci, recipes, path.join(folder, name));
    });
  }
  return { file, sha256: await hashFile(file), names: recipes.map((recipe) => recipe.name) };
}
