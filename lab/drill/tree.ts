import { lstat, readdir, readlink } from "node:fs/promises";
import path from "node:path";
import { hashFile } from "../hash-file.ts";

/** What has to be the same of a file, folder or link after a recovery. */
export interface TreeEntry {
  type: "file" | "folder" | "link" | "other";
  /** Octal: `0644`. */
  mode: string;
  owner: string;
  /** SHA-256 of a file's content, or the target of a link. */
  content?: string;
}

/** Everything below a folder by its path, the folder itself as `.`. */
export type Tree = Readonly<Record<string, TreeEntry>>;

/** Reads a tree as root, on the disk itself. */
export async function readTree(folder: string): Promise<Tree> {
  const names = await readdir(folder, { recursive: true });
  const entries: Record<string, TreeEntry> = {};
  for (const name of [".", ...names.toSorted()]) {
    entries[name] = await readEntry(path.join(folder, name));
  }
  return entries;
}

async function readEntry(file: string): Promise<TreeEntry> {
  const found = await lstat(file);
  const mode = (found.mode & 0o7777).toString(8).padStart(4, "0");
  const rest = { mode, owner: `${found.uid}:${found.gid}` };
  if (found.isFile()) return { type: "file", ...rest, content: await hashFile(file) };
  if (found.isDirectory()) return { type: "folder", ...rest };
  // A link has no mode of its own.
  if (found.isSymbolicLink()) {
    return { type: "link", mode: "-", owner: rest.owner, content: await readlink(file) };
  }
  return { type: "other", ...rest };
}

/** What of `after` is not as it was, one sentence each. */
export function compareTrees(before: Tree, after: Tree): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.flatMap((name) => {
    const was = before[name];
    const is = after[name];
    if (was === undefined) return [`${name} is new`];
    if (is === undefined) return [`${name} is gone`];
    return (["type", "mode", "owner", "content"] as const)
      .filter((what) => was[what] !== is[what])
      .map((what) => `${name}: its ${what} is ${is[what]}, was ${was[what]}`);
  });
}
