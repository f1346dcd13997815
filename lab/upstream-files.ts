import { mkdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { downloadModule } from "../lib/exec/go-module.ts";
import { unpackZip } from "../lib/exec/unzip.ts";
import { downloadSource } from "../lib/schema/read-sources.ts";
import { loadSources, type SchemaSource } from "../lib/schema/sources.ts";
import { fillEntry, findCacheFolder, makeKey } from "./cache.ts";
import type { Progress } from "./progress.ts";

/**
 * Which files of a repository at GitHub production's manifests name, as patterns, by the source in
 * config/schemas/sources.yaml whose module is that repository.
 */
const wantedFiles: Readonly<Record<string, readonly string[]>> = {
  "argo-cd": ["manifests/core-install.yaml"],
  "external-dns": ["kustomize/external-dns-*.yaml"],
  velero: ["config/crd/v1/bases/*.yaml", "config/crd/v2alpha1/bases/*.yaml"],
};

/** A Go module's path is its repository's address, from its second major version on with that. */
const githubModule = /^github\.com\/([^/]+\/[^/]+)(?:\/v\d+)?$/;

/** Kubernetes has an address of its own for those of its interest groups. */
const sigModule = /^sigs\.k8s\.io\/([^/]+)$/;

export interface UpstreamFilesOptions {
  sources?: Readonly<Record<string, SchemaSource>>;
  cacheFolder?: string;
  progress: Pick<Progress, "say">;
  signal?: AbortSignal;
}

/**
 * The folder with these files, at `<owner>/<repository>/<tag>/<path>`: out of the cache, or taken from
 * the archives of the Go modules of the same tags, which hold them unchanged. Throws GO_MODULE_MISSING,
 * SCHEMAS_SUM_WRONG, LAB_CACHE_BUSY, EXEC_MISSING and EXEC_FAILED.
 */
export async function ensureUpstreamFiles(options: UpstreamFilesOptions): Promise<string> {
  const { sources = (await loadSources()).crds, cacheFolder = findCacheFolder() } = options;
  const wanted = Object.entries(wantedFiles).map(([name, files]) => {
    const source = sources[name];
    const repository = findRepository(source?.module ?? "");
    if (source === undefined || repository === undefined) {
      throw new Error(`${name} in sources.yaml is not a repository at GitHub`);
    }
    return { name, repository, source: { ...source, files: [...files] } };
  });
  const key = makeKey("upstream-files", { recipe: `${JSON.stringify(wanted)}\n${String(fill)}` });
  const folder = path.join(cacheFolder, key);
  // Renamed to this only once it was whole.
  if ((await stat(folder).catch(() => undefined)) !== undefined) return folder;
  await fillEntry(cacheFolder, key, async (temporary) => {
    for (const one of wanted) await fill(temporary, one, options);
  });
  return folder;
}

function findRepository(module: string): string | undefined {
  const [, name] = sigModule.exec(module) ?? [];
  return name === undefined ? githubModule.exec(module)?.[1] : `kubernetes-sigs/${name}`;
}

interface Wanted {
  name: string;
  repository: string;
  source: SchemaSource;
}

async function fill(
  folder: string,
  { name, repository, source }: Wanted,
  { progress, signal }: UpstreamFilesOptions,
): Promise<void> {
  const { module, version, files } = source;
  progress.say(`taking files of ${repository} ${version} from its Go module`);
  const zip = await downloadSource(name, source, {
    download: async () => await downloadModule(module, version, folder, signal),
  });
  const unpacked = path.join(folder, "unpacked");
  const root = `${module}@${version}`;
  await unpackZip(
    zip,
    files.map((pattern) => `${root}/${pattern}`),
    unpacked,
  );
  const place = path.join(folder, repository, version);
  await mkdir(path.dirname(place), { recursive: true });
  await rename(path.join(unpacked, root), place);
  await rm(unpacked, { recursive: true });
}
