import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

/** The paths of the generated files that are there, relative to the folder of the schemas. */
export async function listSchemaFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const generated = /^(index|crds\/.*|kubernetes\/.*)\.json$/;
  return names.filter((name) => generated.test(name)).toSorted();
}

/** The paths of `files` that are not there as they should be, and of those that should not be. */
export async function findChanged(
  folder: string,
  files: Record<string, string>,
): Promise<string[]> {
  const there = await listSchemaFiles(folder);
  const changed: string[] = [];
  for (const file of new Set([...there, ...Object.keys(files)])) {
    const text = there.includes(file) ? await readFile(path.join(folder, file), "utf8") : undefined;
    if (text !== files[file]) changed.push(file);
  }
  return changed.toSorted();
}

/** Writes those of `files` that are `changed`, and removes what is in `changed` only. */
export async function writeChanged(
  folder: string,
  files: Record<string, string>,
  changed: string[],
): Promise<void> {
  for (const file of changed) {
    const target = path.join(folder, file);
    const text = files[file];
    if (text === undefined) {
      await rm(target);
    } else {
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, text);
    }
  }
}
