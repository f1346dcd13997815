import path from "node:path";
import { diskFiles, type FileTree } from "../config/file-tree.ts";
import { exitCodes, InfraError } from "../errors.ts";

/** What Ansible reads for one group or host, and what it passes over without a word. */
export interface VariableFiles {
  /** In the order in which they are read: a later one wins. */
  read: string[];
  /** Never read, because `instead` is there. */
  unread: { file: string; instead: string }[];
}

/** The order in which ansible-core tries them; the first that is there is the only one. */
const endings = ["", ".yml", ".yaml", ".json"] as const;

/**
 * The files of variables of a group or host, `folder` being group_vars or host_vars: as
 * DataLoader.find_vars_files of ansible-core 2.19 chooses them (parsing/dataloader.py). Throws
 * INVENTORY_UNREADABLE.
 */
export async function findVariableFiles(
  folder: string,
  name: string,
  files: FileTree = diskFiles,
): Promise<VariableFiles> {
  const there: { file: string; isFolder: boolean }[] = [];
  for (const ending of endings) {
    const file = path.join(folder, name + ending);
    const kind = await files.findKind(file);
    if (kind !== undefined) there.push({ file, isFolder: kind === "folder" });
  }
  const [first, ...others] = there;
  if (first === undefined) return { read: [], unread: [] };
  const unread = others.map(({ file }) => ({ file, instead: first.file }));
  return { read: first.isFolder ? await listFolder(first.file, files) : [first.file], unread };
}

/** The names that have variables in group_vars or host_vars, with the file or folder of each. */
export async function listVariableNames(
  folder: string,
  files: FileTree = diskFiles,
): Promise<{ name: string; entry: string }[]> {
  const entries = await readFolder(folder, files);
  return entries.filter(isRead).map((entry) => {
    const ending = endings.find((one) => one !== "" && entry.endsWith(one)) ?? "";
    return { name: entry.slice(0, entry.length - ending.length), entry: path.join(folder, entry) };
  });
}

async function listFolder(folder: string, files: FileTree): Promise<string[]> {
  const found: string[] = [];
  for (const entry of (await readFolder(folder, files)).filter(isRead)) {
    const file = path.join(folder, entry);
    const ending = path.extname(entry);
    if ((await files.findKind(file)) === "folder") {
      if (ending === "") found.push(...(await listFolder(file, files)));
    } else if ((endings as readonly string[]).includes(ending)) found.push(file);
  }
  return found;
}

function isRead(entry: string): boolean {
  return !entry.startsWith(".") && !entry.endsWith("~");
}

async function readFolder(folder: string, files: FileTree): Promise<string[]> {
  try {
    return await files.readFolder(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new InfraError({
      code: "INVENTORY_UNREADABLE",
      message: `${folder} cannot be read`,
      where: { file: folder },
      why: (cause as Error).message,
      fix: "Make it a folder that you may read",
      exitCode: exitCodes.badInput,
      cause,
    });
  }
}
