import { stat } from "node:fs/promises";
import path from "node:path";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";
import { hashFile } from "./hash-file.ts";
import { getProgram, type ImageParts, type ImageRecipe } from "./image-recipes.ts";
import { archiveRecipe, writeArchive } from "./images.ts";

/** An archive of images, in an entry of the cache that holds nothing else. */
export interface PackedImages {
  file: string;
  sha256: string;
  /** The images in it, by the names that pods use. */
  names: readonly string[];
}

/**
 * The archive `<name>-<architecture>.tar` out of the cache, or packed now, which takes some ten
 * seconds; k3s imports it from its folder agent/images. Throws EXEC_FAILED and LAB_CACHE_BUSY.
 */
export async function ensureImageArchive(
  name: string,
  recipes: readonly ImageRecipe[],
  programs: ImageParts["programs"],
  cacheFolder = findCacheFolder(),
): Promise<PackedImages> {
  const umoci = getProgram(programs, "umoci");
  // Paths in the cache have the hash of what made their files.
  const inputs = JSON.stringify([umoci, recipes]);
  const key = makeKey(name, { inputs, recipe: archiveRecipe });
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const fileName = `${name}-${architecture}.tar`;
  const file = path.join(cacheFolder, key, fileName);
  // Renamed to this only once it was whole.
  if ((await stat(file).catch(() => undefined)) === undefined) {
    await fillEntry(cacheFolder, key, async (folder) => {
      await writeArchive(umoci, recipes, path.join(folder, fileName));
    });
  }
  return { file, sha256: await hashFile(file), names: recipes.map((recipe) => recipe.name) };
}
