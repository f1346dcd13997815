import { chmod, mkdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { downloadModule } from "../lib/exec/go-module.ts";
import { readZip } from "../lib/exec/unzip.ts";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";

/** In the order of their names. */
const names = ["git-verify-wrapper.sh", "gpg-wrapper.sh"] as const;

/**
 * A folder with the scripts that Argo CD calls, one of them at its start: out of the cache, or of the
 * module that it is built from. Throws what downloadModule and readZip throw, and LAB_CACHE_BUSY.
 */
export async function ensureArgocdScripts(
  version: string,
  cacheFolder: string = findCacheFolder(),
): Promise<string> {
  const key = makeKey("argocd-scripts", { version, recipe: [...names, String(fill)].join("\n") });
  const folder = path.join(cacheFolder, key, "scripts");
  // Renamed to this only once it was whole.
  if ((await stat(folder).catch(() => undefined)) === undefined) {
    await fillEntry(cacheFolder, key, async (entry) => await fill(entry, version));
  }
  return folder;
}

async function fill(entry: string, version: string): Promise<void> {
  const work = path.join(entry, "work");
  const scripts = path.join(entry, "scripts");
  for (const folder of [work, scripts]) await mkdir(folder);
  const { zip } = await downloadModule("github.com/argoproj/argo-cd/v3", version, work);
  const patterns = names.map((name) => `*/hack/${name}`);
  const texts = await readZip(zip, patterns, work);
  for (const [index, name] of names.entries()) {
    await writeFile(path.join(scripts, name), texts[index] ?? "");
  }
  for (const file of [scripts, ...names.map((name) => path.join(scripts, name))]) {
    await chmod(file, 0o755);
  }
  await rm(work, { recursive: true });
}
