import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "../lib/exec/run.ts";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";
import type { Progress } from "./progress.ts";
import { runWatched } from "./watched-program.ts";

/** Debian's own, whatever else is in PATH: its pip is one of the lab's packages. */
const python = "/usr/bin/python3";

const requirements = path.join(import.meta.dirname, "ansible-requirements.txt");

/**
 * The folder of ansible-playbook, out of the cache or made now, which takes some ten seconds: a
 * virtual environment of Python with what ansible-requirements.txt locks. Throws EXEC_MISSING and
 * EXEC_FAILED with pip's own words, LAB_CACHE_BUSY, and the reason of `signal`.
 */
export async function ensureAnsible(options: {
  progress: Progress;
  signal?: AbortSignal | undefined;
  cacheFolder?: string;
}): Promise<string> {
  const { progress, signal, cacheFolder = findCacheFolder() } = options;
  const { stdout: version } = await run([python, "--version"]);
  const key = makeKey("ansible", {
    version,
    architecture: process.arch,
    requirements: await readFile(requirements, "utf8"),
    recipe: [fill, correctScripts].map(String).join("\n"),
  });
  const folder = path.join(cacheFolder, key);
  // Renamed to this only once it was whole.
  if ((await stat(folder).catch(() => undefined)) === undefined) {
    progress.say("installing Ansible into the lab's cache, once for all times");
    await fillEntry(cacheFolder, key, async (temporary) => await fill(temporary, folder, signal));
  }
  return path.join(folder, "bin");
}

async function fill(temporary: string, folder: string, signal?: AbortSignal): Promise<void> {
  await run([python, "-m", "venv", "--without-pip", temporary]);
  const pip = [python, "-m", "pip", "--python", path.join(temporary, "bin/python")] as const;
  const flags = ["--quiet", "--no-input", "--no-cache-dir", "--disable-pip-version-check"];
  const locked = ["--require-hashes", "--only-binary=:all:", "--requirement", requirements];
  await runWatched([...pip, "install", ...flags, ...locked], () => undefined, { signal });
  await correctScripts(path.join(temporary, "bin"), temporary, folder);
}

/** Scripts begin with the path of the folder that they were made in. */
async function correctScripts(bin: string, temporary: string, folder: string): Promise<void> {
  const names = (await readdir(bin)).filter((name) => name.startsWith("ansible"));
  for (const name of names) {
    const file = path.join(bin, name);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replaceAll(temporary, folder));
  }
}
