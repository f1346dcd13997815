import { rmSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { exitCodes, InfraError } from "../lib/errors.ts";
import { type KernelSettings, readSettings } from "./kernel-settings.ts";
import type { LabPaths } from "./paths.ts";
import { readSharedFolders, removeEmptyFolder, type SharedFolders } from "./shared-folders.ts";

/** What the machine was like before the lab; `down` puts it back. */
export interface LabRecord {
  /** Of the boot that the rest was read in; afterwards the kernel's settings are its own again. */
  bootId: string;
  /** RFC 3339. */
  madeAt: string;
  settings: KernelSettings;
  modules: string[];
  /** Folders that programs make for themselves outside of the lab's own. */
  folders: SharedFolders;
  /** Folders above the lab's that were not there, the outermost first. */
  madeFolders: string[];
}

/** The record; undefined when there is none. Throws LAB_RECORD_UNREADABLE. */
export async function readRecord(paths: LabPaths): Promise<LabRecord | undefined> {
  let text: string;
  try {
    text = await readFile(paths.record, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as LabRecord;
  } catch (cause) {
    throw new InfraError({
      code: "LAB_RECORD_UNREADABLE",
      message: "what the machine was like before the lab cannot be read",
      where: { file: paths.record },
      why: (cause as Error).message,
      fix: "Remove that file, then run the same command again; the kernel's settings stay as they are",
      exitCode: exitCodes.failed,
      cause,
    });
  }
}

/**
 * Records the machine before the first change, unless that was done since it booted; returns the
 * record. `modules` are those that were loaded then: a mere look at the kernel may load some.
 * Makes the lab's folder.
 */
export async function ensureRecord(
  paths: LabPaths,
  modules: readonly string[],
): Promise<LabRecord> {
  const bootId = await readBootId();
  const earlier = await readRecord(paths);
  if (earlier?.bootId === bootId) return earlier;
  const record: LabRecord = {
    bootId,
    madeAt: new Date().toISOString(),
    settings: await readSettings(),
    modules: [...modules],
    folders: earlier?.folders ?? (await readSharedFolders()),
    madeFolders: earlier?.madeFolders ?? (await listMissing(path.dirname(paths.state))),
  };
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  await writeRecord(paths.record, record);
  return record;
}

/** Whether the record is of this boot: then its settings are what the machine had. */
export async function isOfThisBoot(record: LabRecord): Promise<boolean> {
  return record.bootId === (await readBootId());
}

/** Removes the lab's folder with the record, and the folders above it that the lab has made. */
export async function removeRecord(paths: LabPaths, record: LabRecord | undefined): Promise<void> {
  const names = await readdir(paths.state).catch(() => []);
  for (const name of names.filter((one) => path.join(paths.state, one) !== paths.record)) {
    await rm(path.join(paths.state, name), { recursive: true, force: true });
  }
  // As long as the record is there, `down` knows what is to be put back; from there on all at once.
  rmSync(paths.record, { force: true });
  const made = (record?.madeFolders ?? []).toReversed();
  for (const folder of [paths.state, path.dirname(paths.state), ...made]) removeEmptyFolder(folder);
}

/** On disk before it is named: a record that is there is whole. */
async function writeRecord(file: string, record: LabRecord): Promise<void> {
  const handle = await open(`${file}.new`, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(record, undefined, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

async function readBootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

/** The folder and those above it that are not there, the outermost first. */
async function listMissing(folder: string): Promise<string[]> {
  if (await isThere(folder)) return [];
  return [...(await listMissing(path.dirname(folder))), folder];
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}
