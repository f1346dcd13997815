import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";
import type { ImageRecipe } from "./image-recipes.ts";

/** containerd takes an image's name from it; OCI itself has only tags. */
const nameAnnotation = "io.containerd.image.name";
const tagAnnotation = "org.opencontainers.image.ref.name";

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

interface Index {
  manifests: { annotations?: Record<string, string> }[];
}

/**
 * Writes one archive with all the images, in the format of OCI; `umoci` is the program that makes
 * them. Uses a folder beside the archive meanwhile. Throws EXEC_FAILED.
 */
export async function writeArchive(
  umoci: string,
  recipes: readonly ImageRecipe[],
  file: string,
): Promise<void> {
  const layout = `${file}.layout`;
  await rm(layout, { recursive: true, force: true });
  await run([umoci, "init", "--layout", layout]);
  for (const recipe of recipes) await addImage(umoci, layout, recipe);
  // What the steps in between have left.
  await run([umoci, "gc", "--layout", layout]);
  await nameImages(path.join(layout, "index.json"));
  const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"];
  await run(["tar", ...same, "--mode=u=rwX,go=rX", "-C", layout, "-cf", file, "."]);
  await rm(layout, { recursive: true });
}

/** What an archive depends on beside its files, for the key that it has in the cache. */
export const archiveRecipe: string = [
  nameAnnotation,
  tagAnnotation,
  searchPath,
  ...[writeArchive, addImage, nameImages].map(String),
].join("\n");

async function addImage(umoci: string, layout: string, recipe: ImageRecipe): Promise<void> {
  // A name is a valid tag of OCI, and so is not lost.
  const image = `${layout}:${recipe.name}`;
  await run([umoci, "new", "--image", image]);
  for (const [from, to] of recipe.layers) {
    const layer = ["--no-history", "--compress", "zstd"];
    await run([umoci, "insert", ...layer, "--image", image, from, to]);
  }
  const { entrypoint = [], command, user, folder, env = {} } = recipe;
  await run([
    umoci,
    "config",
    "--image",
    image,
    "--no-history",
    // The same files make the same archive.
    "--created",
    "1970-01-01T00:00:00Z",
    "--config.env",
    searchPath,
    ...Object.entries(env).flatMap(([name, value]) => ["--config.env", `${name}=${value}`]),
    ...[entrypoint].flat().flatMap((word) => ["--config.entrypoint", word]),
    ...(command === undefined ? [] : ["--config.cmd", command]),
    ...(user === undefined ? [] : ["--config.user", user]),
    ...(folder === undefined ? [] : ["--config.workingdir", folder]),
  ]);
}

async function nameImages(file: string): Promise<void> {
  const index = JSON.parse(await readFile(file, "utf8")) as Index;
  for (const manifest of index.manifests) {
    const name = manifest.annotations?.[tagAnnotation];
    if (name === undefined) throw new Error(`an image without a name in ${file}`);
    const tag = name.slice(name.lastIndexOf(":") + 1);
    manifest.annotations = { [nameAnnotation]: name, [tagAnnotation]: tag };
  }
  await writeFile(file, JSON.stringify(index));
}
