import { mkdtemp, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { run } from "./run.ts";

/**
 * The texts of the files in an archive that match one of `patterns`, in the order of their names;
 * `*` in a pattern also matches a slash. They are unpacked below `folder`. Throws EXEC_FAILED when
 * nothing matches, and what else `run` throws.
 */
export async function readZip(zip: string, patterns: string[], folder: string): Promise<string[]> {
  const target = await mkdtemp(path.join(folder, "zip-"));
  await run(["unzip", "-q", zip, ...patterns, "-d", target], { installHint: "Install unzip" });
  const entries = await readdir(target, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
  return await Promise.all(files.map((file) => readFile(file, "utf8")));
}
