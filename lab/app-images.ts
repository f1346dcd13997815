import { stat } from "node:fs/promises";
import path from "node:path";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";
import type { DebianFiles } from "./debian-files.ts";
import { getProgram, type ImageRecipe } from "./image-recipes.ts";
import { archiveRecipe, writeArchive } from "./images.ts";
import { type PostgresFiles, postgresUser } from "./postgres-files.ts";

export interface AppImageParts {
  /** Paths of the built programs by their names. */
  programs: Readonly<Record<string, string>>;
  debian: DebianFiles;
  postgres: PostgresFiles;
  cacheFolder?: string;
}

/** The images of the drill's workloads, by the names that lab/apps uses. */
export function planAppImages({
  debian,
  postgres,
}: Pick<AppImageParts, "debian" | "postgres">): ImageRecipe[] {
  return [
    {
      what: "postgres",
      name: `docker.io/infra-k3s-lab/postgres:${postgres.major}`,
      layers: [
        [debian.shell, "/"],
        [postgres.root, "/"],
      ],
      command: "postgres",
      user: `${postgresUser}:${postgresUser}`,
    },
    {
      what: "uploads",
      name: "docker.io/infra-k3s-lab/uploads:1",
      layers: [[debian.shell, "/"]],
      command: "httpd",
    },
  ];
}

/**
 * The archive `app-images-<architecture>.tar` out of the cache, or made now, which takes some ten
 * seconds; k3s imports it from its folder agent/images. Throws EXEC_FAILED and LAB_CACHE_BUSY.
 */
export async function ensureAppImages(parts: AppImageParts): Promise<string> {
  const { programs, cacheFolder = findCacheFolder() } = parts;
  const umoci = getProgram(programs, "umoci");
  const recipes = planAppImages(parts);
  // Paths in the cache have the hash of what made their files.
  const key = makeKey("app-images", {
    recipes: JSON.stringify([umoci, recipes]),
    recipe: archiveRecipe,
  });
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const name = `app-images-${architecture}.tar`;
  const archive = path.join(cacheFolder, key, name);
  // Renamed to this only once it was whole.
  if ((await stat(archive).catch(() => undefined)) === undefined) {
    await fillEntry(cacheFolder, key, async (folder) => {
      await writeArchive(umoci, recipes, path.join(folder, name));
    });
  }
  return archive;
}
