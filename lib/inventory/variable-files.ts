import { readdir, stat } from "node:fs/promises";
import path from "node:path";
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
export async function findVariableFiles(folder: string, name: string): Promise<VariableFiles> {
  const there: { file: string; isFolder: boolean }[] = [];
  for (const ending of endings) {
    const file = path.join(folder, name + ending);
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined) there.push({ file, isFolder: found.isDirectory() });
  }
  const [first, ...others] = there;
  if (first === undefined) return { read: [], unread: [] };
  const unread = others.map(({ file }) => ({ file, instead: first.file }));
  return { read: first.isFolder ? await listFolder(first.file) : [first.file], unread };
}

/** The names that have variables in group_vars or host_vars, with the file or folder of each. */
export async function listVariableNames(
  folder: string,
): Promise<{ name: string; entry: string }[]> {
  const entries = await readFolder(folder);
  return entries.filter(isRead).map((entry) => {
    const ending = endings.find((one) => one !== "" && entry.endsWith(one)) ?? "";
    return { name: entry.slice(0, entry.length - ending.length), entry: path.join(folder, entry) };
  });
}

async function listFolder(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of (await readFolder(folder)).filter(isRead)) {
    const file = path.join(folder, entry);
    const ending = path.extname(entry);
    if ((await stat(file)).isDirectory()) {
      if (ending === "") files.push(...(await listFolder(file)));
    } else if ((endings as readonly string[]).includes(ending)) files.push(file);
  }
  return files;
}

function isRead(entry: string): boolean {
  return !entry.startsWith(".") && !entry.endsWith("~");
}

async function readFolder(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
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
