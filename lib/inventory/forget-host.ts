import { readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { groupNames } from "./load.ts";

export interface ForgottenHost {
  /** Files that were changed or removed. */
  changed: string[];
  /** What else is said of the host: it was not written by a play, and so is left to a person. */
  left: string[];
}

const parents = ["all", "children", "k3s_cluster", "children"];

/** What the plays write down of a host in host_vars. */
const written = ["mesh.yml", "ssh.yml"];

/** Sees that a host could be taken out of hosts.yml. Throws what removeFromHosts throws. */
export async function checkForgettable(folder: string, name: string): Promise<void> {
  const file = path.join(folder, "hosts.yml");
  await removeFromHosts(await readFile(file, "utf8"), name, showPath(file));
}

/**
 * Takes a host out of hosts.yml, with what the plays have written down of it; gone already is fine.
 * Throws what removeFromHosts throws.
 */
export async function forgetHost(folder: string, name: string): Promise<ForgottenHost> {
  const file = path.join(folder, "hosts.yml");
  const before = await readFile(file, "utf8");
  const after = await removeFromHosts(before, name, showPath(file));
  const changed: string[] = [];
  if (after !== before) {
    await writeFile(`${file}.new`, after);
    await rename(`${file}.new`, file);
    changed.push(showPath(file));
  }
  const own = path.join(folder, "host_vars", name);
  const isWritten = (entry: string) => written.includes(entry);
  for (const entry of (await list(own)).filter(isWritten)) {
    await rm(path.join(own, entry));
    changed.push(showPath(path.join(own, entry)));
  }
  // One that is not empty is left.
  await rmdir(own).catch(() => undefined);
  return { changed, left: await findLeft(folder, name) };
}

/** The files that the plays have written of hosts: of other machines, when these are new. */
export async function listWritten(folder: string, names: readonly string[]): Promise<string[]> {
  const lists = names.map(async (name) => {
    const own = path.join(folder, "host_vars", name);
    const entries = (await list(own)).filter((entry) => written.includes(entry));
    return entries.map((entry) => showPath(path.join(own, entry)));
  });
  return (await Promise.all(lists)).flat();
}

/**
 * The text of hosts.yml without a host; the rest, comments too, stays as it is. Throws
 * INVENTORY_HOST_SHARED when others are written by way of it, and CONFIG_SYNTAX.
 */
export async function removeFromHosts(text: string, name: string, file: string): Promise<string> {
  const yaml = await import("yaml");
  const { parseYaml } = await import("../config/parse-yaml.ts");
  const { value } = await parseYaml(text, file);
  const places = groupNames.map((group) => [...parents, group, "hosts", name]);
  if (places.every((place) => find(value, place) === undefined)) return text;
  const document = yaml.parseDocument(text, { merge: true });
  for (const place of places) if (document.hasIn(place)) document.deleteIn(place);
  try {
    const after = document.toString({ lineWidth: 0 });
    if (isSame((await parseYaml(after, file)).value, without(value, places))) return after;
  } catch {
    // An alias has lost its anchor: told below.
  }
  throw new InfraError({
    code: "INVENTORY_HOST_SHARED",
    message: `host "${name}" cannot be taken out of ${file} without changing what it says of others`,
    where: { file },
    why: "it stands behind an alias, or has an anchor that others use",
    fix: "Write out what is shared by an anchor, then run the same command again",
  });
}

function find(value: unknown, place: readonly string[]): unknown {
  return place.reduce<unknown>((at, key) => (at as Record<string, unknown> | null)?.[key], value);
}

function without(value: unknown, places: readonly string[][]): unknown {
  const copy: unknown = structuredClone(value);
  for (const place of places) {
    const hosts = find(copy, place.slice(0, -1)) as Record<string, unknown> | null | undefined;
    const name = place.at(-1);
    if (hosts && name !== undefined) delete hosts[name];
  }
  return copy;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function findLeft(folder: string, name: string): Promise<string[]> {
  const { listVariableNames } = await import("./variable-files.ts");
  const all = await listVariableNames(path.join(folder, "host_vars"));
  return all.filter((one) => one.name === name).map(({ entry }) => showPath(entry));
}

async function list(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
