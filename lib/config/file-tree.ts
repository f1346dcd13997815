import { readdir, readFile, stat } from "node:fs/promises";

/** The files below a folder: those on the disk, or texts that are held against rules. */
export interface FileTree {
  /** Throws an error with the code ENOENT, or another of Node's, when it cannot be read. */
  readText(file: string): Promise<string>;
  /** The names in a folder, in order. Throws as readText does. */
  readFolder(folder: string): Promise<string[]>;
  findKind(path: string): Promise<"file" | "folder" | undefined>;
}

export const diskFiles: FileTree = {
  readText: (file) => readFile(file, "utf8"),
  readFolder: async (folder) => (await readdir(folder)).toSorted(),
  async findKind(path) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return undefined;
    return found.isDirectory() ? "folder" : "file";
  },
};

/** The same of texts by their paths, which begin with `/`. */
export function createFileTree(texts: ReadonlyMap<string, string>): FileTree {
  const names = new Map<string, Set<string>>();
  for (const file of texts.keys()) {
    for (let path = file; path !== "";) {
      const folder = path.slice(0, path.lastIndexOf("/"));
      const those = names.get(folder) ?? new Set();
      names.set(folder, those.add(path.slice(folder.length + 1)));
      path = folder;
    }
  }
  return {
    async readText(file) {
      return texts.get(file) ?? notThere(file);
    },
    async readFolder(folder) {
      return [...(names.get(folder) ?? notThere(folder))].toSorted();
    },
    async findKind(path) {
      if (texts.has(path)) return "file";
      return names.has(path) ? "folder" : undefined;
    },
  };
}

function notThere(path: string): never {
  throw Object.assign(new Error(`there is no ${path}`), { code: "ENOENT" });
}
