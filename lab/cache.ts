import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { exitCodes, InfraError } from "../lib/errors.ts";

/**
 * Where the lab keeps what is slow to make, shared by every clone of the repository. Each entry is
 * a folder named after what it was made from: it appears whole or not at all, and never changes.
 */
export function findCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const given = env["XDG_CACHE_HOME"];
  // The XDG specification: a relative path is to be ignored.
  const base =
    given !== undefined && path.isAbsolute(given) ? given : path.join(homedir(), ".cache");
  return path.join(base, "infra-k3s", "lab");
}

/** The name of an entry: `name` for people, and a hash of the named inputs in whatever order. */
export function makeKey(
  name: string,
  inputs: Readonly<Record<string, string | Uint8Array>>,
): string {
  const hash = createHash("sha256");
  for (const [input, value] of Object.entries(inputs).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    // With its length, so that no byte can move from one input to the next unseen.
    hash.update(`${input}\0${bytes.length}\0`).update(bytes);
  }
  return `${name}-${hash.digest("hex").slice(0, 16)}`;
}

/**
 * Makes an entry in a temporary folder and gives it its name once `fill` is done; when `fill`
 * throws, nothing is left. An entry of that name is replaced. Throws LAB_CACHE_BUSY when another
 * process is making the same one.
 */
export async function fillEntry<Result>(
  cacheFolder: string,
  key: string,
  fill: (folder: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(cacheFolder, { recursive: true });
  await removeLeftovers(cacheFolder);
  await refuseRival(cacheFolder, key);
  const temporary = path.join(cacheFolder, nameTemporary({ key, pid: process.pid }));
  const entry = path.join(cacheFolder, key);
  await mkdir(temporary);
  try {
    const result = await fill(temporary);
    await rm(entry, { recursive: true, force: true });
    await rename(temporary, entry);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

interface Temporary {
  key: string;
  pid: number;
}

/** The start time of the process is in the name: a pid alone is soon given to somebody else. */
function nameTemporary({ key, pid }: Temporary): string {
  return `.${key}.${pid}.${readStartTime(pid) ?? "gone"}`;
}

function parseTemporary(name: string): Temporary | undefined {
  const [, key, pid] = /^\.(.+)\.(\d+)\.(?:\d+|gone)$/.exec(name) ?? [];
  return key === undefined ? undefined : { key, pid: Number(pid) };
}

async function readTemporaries(cacheFolder: string): Promise<{ name: string; made: Temporary }[]> {
  return (await readdir(cacheFolder)).flatMap((name) => {
    const made = parseTemporary(name);
    return made === undefined ? [] : [{ name, made }];
  });
}

/** What a killed run has left behind. */
async function removeLeftovers(cacheFolder: string): Promise<void> {
  for (const { name, made } of await readTemporaries(cacheFolder)) {
    const isAlive = readStartTime(made.pid) !== undefined && name === nameTemporary(made);
    if (!isAlive) await rm(path.join(cacheFolder, name), { recursive: true, force: true });
  }
}

async function refuseRival(cacheFolder: string, key: string): Promise<void> {
  const all = await readTemporaries(cacheFolder);
  const rival = all.find(({ made }) => made.key === key);
  if (rival === undefined) return;
  throw new InfraError({
    code: "LAB_CACHE_BUSY",
    message: `${key} is being made already`,
    where: { file: path.join(cacheFolder, rival.name) },
    why: `process ${rival.made.pid} is at work on it`,
    fix: "Wait until it is done, then run the same command again: it will find the result",
    exitCode: exitCodes.failed,
  });
}

/** In clock ticks since the machine's start; undefined when there is no such process. */
function readStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name, which may hold blanks and brackets.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
