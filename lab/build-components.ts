import { lstat, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { BuildEvent } from "./build-progress.ts";
import { fillEntry, findCacheFolder } from "./cache.ts";
import { checkAnswers, nameFiles } from "./check-programs.ts";
import { componentGroups } from "./component-groups.ts";
import type { ComponentGroup } from "./component-group.ts";
import { buildBytes, checkDisk } from "./disk.ts";
import { checkToolchain, compareVersions, readToolchain, runGo } from "./go.ts";
import type { Toolchain } from "./go.ts";
import { findGoFloor, listNames, planGroup } from "./plan-components.ts";
import type { GroupPlan, Sources } from "./plan-components.ts";

/** Where the sources of a group lie. */
export function findFolder({ name, folder }: ComponentGroup): string {
  return path.join(import.meta.dirname, folder ?? path.join("components", name));
}

/** Between two progress events of one group. */
const progressSeconds = 10;

export interface BuildOptions {
  cacheFolder?: string;
  /** Stamped on Kubernetes instead of the version in its go.mod: `v1.36.4+k3s1`. */
  kubernetesVersion?: string | undefined;
  /** Only the groups of these names. */
  only?: readonly string[];
  /** The environment that Go gets, but for what would change a program; our own when left out. */
  env?: NodeJS.ProcessEnv;
  /** How much of the disk must be free to begin; 18 GB when left out. */
  neededBytes?: number;
  signal?: AbortSignal;
  onEvent?: (event: BuildEvent) => void;
}

/** The built programs. */
export interface Components {
  /** The folder of each group in the cache, by the group's name. */
  folders: Readonly<Record<string, string>>;
  /** The path of each program by its name, kubectl and the like among them. */
  programs: Readonly<Record<string, string>>;
  /** The version of each program's file, as it says it. */
  versions: Readonly<Record<string, string>>;
  /** The groups that this call has built; the rest was there. */
  built: readonly string[];
}

/**
 * Builds what the cache lacks, one group after the other, each with Go's own parallelism. Throws
 * LAB_GO_MISSING, LAB_GO_TOO_OLD and LAB_DISK_FULL before it builds anything, LAB_CACHE_BUSY,
 * LAB_BUILD_FAILED and LAB_PROGRAM_BROKEN, and the reason of `signal`. Whatever ends it, the cache
 * holds whole groups only, and the next call goes on with the missing ones.
 */
export async function buildComponents(options: BuildOptions = {}): Promise<Components> {
  const startedAt = performance.now();
  const cacheFolder = options.cacheFolder ?? findCacheFolder();
  const { toolchain, plans, floor } = await planComponents(options);
  const missing = await filterAsync(plans, async (plan) => !(await isPresent(cacheFolder, plan)));
  options.onEvent?.({
    kind: "planned",
    present: plans.length - missing.length,
    missing: missing.map(({ group }) => group.name),
  });
  if (missing.length > 0) {
    checkToolchain(toolchain, floor);
    await checkDisk([cacheFolder, ...toolchain.cacheFolders], options.neededBytes ?? buildBytes);
  }
  for (const [index, plan] of missing.entries()) {
    const place = { group: plan.group.name, number: index + 1, total: missing.length };
    await buildGroup(cacheFolder, plan, place, startedAt, options);
  }
  return {
    folders: Object.fromEntries(
      plans.map(({ group, key }) => [group.name, path.join(cacheFolder, key)]),
    ),
    programs: Object.fromEntries(
      plans.flatMap(({ group, key }) =>
        listNames(group).map((name) => [name, path.join(cacheFolder, key, name)]),
      ),
    ),
    versions: Object.assign({}, ...plans.map(({ versions }) => versions)) as Record<string, string>,
    built: missing.map(({ group }) => group.name),
  };
}

/** Reads the sources and the installed Go, and plans each group; builds and writes nothing. */
export async function planComponents(
  options: Pick<BuildOptions, "kubernetesVersion" | "only" | "env"> = {},
): Promise<{ toolchain: Toolchain; plans: GroupPlan[]; floor: string }> {
  const { kubernetesVersion, only } = options;
  const groups = componentGroups.filter(
    ({ name, onDemand }) => only?.includes(name) ?? onDemand === undefined,
  );
  const [toolchain, ...allSources] = await Promise.all([
    readToolchain(options.env ?? process.env),
    ...groups.map((group) => readSources(findFolder(group))),
  ]);
  const plans = groups.map((group, index) =>
    planGroup(group, allSources[index] ?? {}, { toolchain, kubernetesVersion }),
  );
  const floors = groups.map((group, index) =>
    findGoFloor(allSources[index]?.["go.mod"] ?? "", group.toolchain),
  );
  return { toolchain, plans, floor: floors.toSorted(compareVersions).at(-1) ?? "0" };
}

/** All files of a group's folder, those in folders of it too. */
export async function readSources(folder: string): Promise<Sources> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(async ({ parentPath, name }) => {
    const file = path.join(parentPath, name);
    return [path.relative(folder, file), await readFile(file, "utf8")] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

/** A machine that lost its power may have kept the names of files but not what was in them. */
async function isPresent(cacheFolder: string, { group, key }: GroupPlan): Promise<boolean> {
  for (const name of listNames(group)) {
    const status = await stat(path.join(cacheFolder, key, name)).catch(() => undefined);
    if (status === undefined || status.size === 0) return false;
  }
  return true;
}

async function buildGroup(
  cacheFolder: string,
  plan: GroupPlan,
  place: { group: string; number: number; total: number },
  startedAt: number,
  { signal, onEvent, env = process.env }: BuildOptions,
): Promise<void> {
  const groupStartedAt = performance.now();
  const count = { downloads: 0, packages: 0 };
  const readSeconds = (since: number): number => (performance.now() - since) / 1000;
  const timer = setInterval(() => {
    onEvent?.({ kind: "progress", ...place, ...count, seconds: readSeconds(startedAt) });
  }, progressSeconds * 1000);
  onEvent?.({ kind: "started", ...place, seconds: readSeconds(startedAt) });
  try {
    const bytes = await fillEntry(cacheFolder, plan.key, async (folder) => {
      const [verb = "", ...rest] = plan.arguments;
      await runGo([verb, "-o", `${folder}/`, ...rest], {
        folder: findFolder(plan.group),
        env,
        toolchain: plan.toolchain,
        signal,
        onError(line) {
          if (line.startsWith("go: downloading ")) count.downloads += 1;
          else if (!line.includes(" ")) count.packages += 1;
        },
      });
      await nameFiles(folder, plan.group);
      await checkAnswers(folder, plan, signal);
      return await measureFolder(folder);
    });
    const groupSeconds = readSeconds(groupStartedAt);
    onEvent?.({ kind: "built", ...place, seconds: readSeconds(startedAt), groupSeconds, bytes });
  } finally {
    clearInterval(timer);
  }
}

async function measureFolder(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) bytes += (await lstat(path.join(folder, name))).size;
  return bytes;
}

async function filterAsync<Item>(
  items: readonly Item[],
  test: (item: Item) => Promise<boolean>,
): Promise<Item[]> {
  const verdicts = await Promise.all(items.map(test));
  return items.filter((_, index) => verdicts[index] === true);
}
