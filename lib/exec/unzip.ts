import { mkdtemp, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { run } from "./run.ts";

/**
 * Unpacks the files in an archive that match one of `patterns` below `folder`; `*` in a pattern also
 * matches a slash. Throws EXEC_FAILED when nothing matches, and what else `run` throws.
 */
export async function unpackZip(zip: string, patterns: string[], folder: string): Promise<void> {
  await run(["unzip", "-q", zip, ...patterns, "-d", folder], { installHint: "Install unzip" });
}

/**
 * The texts of the files that unpackZip finds, in the order of their names. They are unpacked below
 * `folder`. Throws what unpackZip throws.
 */
export async function readZip(zip: string, patterns: string[], folder: string): Promise<string[]> {
  const target = await mkdtemp(path.join(folder, "zip-"));
  await unpackZip(zip, patterns, target);
  const entries = await readdir(target, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
  return await Promise.all(files.map((file) => readFile(file, "utf8")));
}
