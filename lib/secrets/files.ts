import { link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { registerSecret } from "../cli/redact.ts";
import { showPath } from "../config/paths.ts";
import { exitCodes, InfraError } from "../errors.ts";

/** Reads a file; undefined when there is none. Throws SECRETS_FILE_UNREADABLE. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new InfraError({
      code: "SECRETS_FILE_UNREADABLE",
      message: "this file cannot be read",
      where: { file: showPath(file) },
      why: (cause as Error).message,
      fix: "Make it a file that you may read",
      cause,
    });
  }
}

/**
 * Reads a file that holds a secret; undefined when there is none. Throws SECRETS_FILE_MODE when
 * somebody else may read it, or when it can be run (Ansible would run a password file), and
 * SECRETS_FILE_EMPTY.
 */
export async function readPrivateFile(file: string): Promise<string | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const where = { file: showPath(file) };
  const mode = (await stat(file)).mode & 0o777;
  if ((mode & 0o177) !== 0) {
    throw new InfraError({
      code: "SECRETS_FILE_MODE",
      message: "this file holds a secret, and its mode lets others read it or anybody run it",
      where,
      why: `its mode is ${mode.toString(8).padStart(4, "0")}`,
      fix: `chmod 600 ${file}`,
    });
  }
  if (text.trim() === "") {
    throw new InfraError({
      code: "SECRETS_FILE_EMPTY",
      message: "this file has to hold a secret and is empty",
      where,
      fix: `Write the secret into it, or remove it and run the command again: rm ${file}`,
    });
  }
  registerSecret(text);
  return text;
}

/**
 * Writes a file whole or not at all, and never over another one. Throws SECRETS_FILE_THERE when
 * somebody else has made it meanwhile, and what the file system says.
 */
export async function writeOnce(file: string, text: string, mode: 0o600 | 0o644): Promise<void> {
  const temporary = await writeBeside(file, text, mode);
  try {
    await link(temporary, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new InfraError({
      code: "SECRETS_FILE_THERE",
      message: "this file has appeared meanwhile, and was left as it is",
      where: { file: showPath(file) },
      fix: "Run the same command again",
      exitCode: exitCodes.failed,
      cause,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Puts another text in place of a file, whole or not at all. Throws what the file system says. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await rename(await writeBeside(file, text, 0o644), file);
}

async function writeBeside(file: string, text: string, mode: 0o600 | 0o644): Promise<string> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true, ...(mode === 0o600 ? { mode: 0o700 } : {}) });
  await removeLeftovers(folder, path.basename(file));
  const temporary = path.join(folder, `.${path.basename(file)}.${process.pid}.new`);
  const handle = await open(temporary, "wx", mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return temporary;
}

/** What killed runs have left may hold a secret; that of a run that is at work stays. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    const pid = /^\.(\d+)\.new$/.exec(
      entry.startsWith(`.${name}`) ? entry.slice(name.length + 1) : "",
    );
    if (pid === null || isAlive(Number(pid[1]))) continue;
    await rm(path.join(folder, entry), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
