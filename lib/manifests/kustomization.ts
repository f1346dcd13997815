import path from "node:path";
import type { DataPath } from "../schema/explain.ts";
import {
  type Fields,
  getFields,
  getList,
  getText,
  isFields,
  isKustomizationFile,
  type Manifest,
} from "./manifest.ts";

/** A local path that a kustomization names. */
export interface Reference {
  /** Where it stands in the kustomization. */
  at: DataPath;
  /** As it is written. */
  written: string;
  /** The same from the top of the judged folder; begins with ".." when it leads out of it. */
  target: string;
  use: ReferenceUse;
}

/**
 * What becomes of what a path leads to: it is objects, makes or changes objects, says what is changed
 * in them, or is the content of some.
 */
export type ReferenceUse =
  | "resource"
  | "component"
  | "generator"
  | "transformer"
  | "patch"
  | "settings"
  | "file";

export interface Kustomization {
  manifest: Manifest;
  /** Empty for the judged folder itself. */
  folder: string;
  references: readonly Reference[];
  /** Where it names what has to be fetched or run: remote paths, charts, generators. */
  foreign: readonly DataPath[];
}

export const kustomizeGroup = "kustomize.config.k8s.io";
/** The kinds that kustomize itself reads, as describeKind writes them. */
export const kustomizationKinds = [
  `${kustomizeGroup}/Kustomization`,
  `${kustomizeGroup}/Component`,
  "viaduct.ai/ksops",
];

/** Whether an object is read by kustomize, and never by the cluster. */
export function isForKustomize({ apiVersion, file, isRendered }: Manifest): boolean {
  const isTool = /^(?:kustomize\.config\.k8s\.io|viaduct\.ai)\/|^builtin$/.test(apiVersion);
  return isTool || (isRendered === undefined && isKustomizationFile(file));
}

const lists: readonly [key: string, use: ReferenceUse][] = [
  ["resources", "resource"],
  ["bases", "resource"],
  ["components", "component"],
  ["generators", "generator"],
  ["transformers", "transformer"],
  ["validators", "transformer"],
  ["crds", "file"],
  ["configurations", "settings"],
  ["patchesStrategicMerge", "patch"],
];

/** The lists whose items have a field that is a path. */
const fields: readonly [key: string, field: string, use: ReferenceUse][] = [
  ["patches", "path", "patch"],
  ["patchesJson6902", "path", "patch"],
  ["replacements", "path", "settings"],
  ["helmCharts", "valuesFile", "file"],
  ["helmChartInflationGenerator", "values", "file"],
];

/** The folder of a file; empty at the top. */
export function getFolder(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf("/"), 0));
}

/** A path that is written in a file of a folder, from the top of the judged folder. */
export function resolvePath(folder: string, written: string): string {
  const target = path.posix.join(folder, written).replace(/\/$/, "");
  return target === "." ? "" : target;
}

/** The kustomizations among the objects, by their folders; the first, where a folder has two. */
export function findKustomizations(manifests: readonly Manifest[]): Map<string, Kustomization> {
  const found = new Map<string, Kustomization>();
  for (const manifest of manifests) {
    if (!isKustomizationFile(manifest.file)) continue;
    const folder = getFolder(manifest.file);
    if (!found.has(folder)) found.set(folder, readKustomization(manifest, folder));
  }
  return found;
}

/** Whether a path leads to objects, or to a kustomization that makes some. */
export function namesObjects({ use }: Reference): boolean {
  return use === "resource" || use === "component";
}

/** Whether what a path leads to changes objects, and is none itself. */
export function changesObjects({ use }: Reference): boolean {
  return use === "patch" || use === "transformer" || use === "settings";
}

/** Whether the objects of a kustomization are those of its files, without any change. */
export function isPlainList({ manifest, foreign }: Kustomization): boolean {
  const harmless = ["apiVersion", "kind", "metadata", "resources"];
  return foreign.length === 0 && Object.keys(manifest.value).every((key) => harmless.includes(key));
}

/** What a kustomization says, without what has to be fetched or run. */
export function withoutForeign({ manifest, foreign }: Kustomization): Fields {
  const left = new Set(foreign.map(([key, item]) => `${key}.${item}`));
  const entries = Object.entries(manifest.value).flatMap(([key, value]): [string, unknown][] => {
    if (!Array.isArray(value)) return left.has(`${key}.path`) ? [] : [[key, value]];
    const rest = value.filter((_, index) => !left.has(`${key}.${index}`));
    return rest.length === 0 ? [] : [[key, rest]];
  });
  return Object.fromEntries(entries);
}

function readKustomization(manifest: Manifest, folder: string): Kustomization {
  const { value } = manifest;
  const references: Reference[] = [];
  const foreign: DataPath[] = ["helmCharts", "helmChartInflationGenerator", "generators"].flatMap(
    (key) => getList(value, key).map((_, index) => [key, String(index)]),
  );
  for (const { at, written, use } of listPaths(value)) {
    if (isRemote(written)) foreign.push(at);
    else references.push({ at, written, target: resolvePath(folder, written), use });
  }
  return { manifest, folder, references, foreign };
}

/** The paths that a kustomization names, local ones and others. */
function listPaths(value: Fields): Omit<Reference, "target">[] {
  const paths: Omit<Reference, "target">[] = [];
  function add(at: DataPath, written: unknown, use: ReferenceUse): void {
    // A patch or a generator may be written out in place of its path.
    if (typeof written !== "string" || written === "" || written.includes("\n")) return;
    paths.push({ at, written, use });
  }
  for (const [key, use] of lists) {
    getList(value, key).forEach((item, index) => add([key, String(index)], item, use));
  }
  for (const [key, field, use] of fields) {
    getList(value, key).forEach((item, index) => {
      add([key, String(index), field], getText(item, field), use);
    });
  }
  getList(value, "helmCharts").forEach((chart, index) => {
    getList(chart, "additionalValuesFiles").forEach((item, at) => {
      add(["helmCharts", String(index), "additionalValuesFiles", String(at)], item, "file");
    });
  });
  add(["openapi", "path"], getFields(value, "openapi")["path"], "file");
  for (const key of ["configMapGenerator", "secretGenerator"]) {
    getList(value, key).forEach((generator, index) => {
      for (const [at, written] of listSources(generator))
        add([key, String(index), ...at], written, "file");
    });
  }
  return paths;
}

/**
 * As kustomize 5 tells a remote base from a path (api/internal/git/repospec.go): by a scheme, a user,
 * or the host github.com. What has a ref is no path of this repository either.
 */
function isRemote(one: string): boolean {
  return /^git::|^[a-z]+:\/\/|^[a-z][a-z\d-]*@[^/]+[:/]|^github\.com[:/]|\?ref=/i.test(one);
}

/** The files of which a ConfigMap or Secret is made; `KEY=FILE` names its key. */
function listSources(generator: unknown): [DataPath, string][] {
  if (!isFields(generator)) return [];
  const sources: [DataPath, string][] = [];
  for (const key of ["files", "envs"]) {
    getList(generator, key).forEach((item, index) => {
      if (typeof item === "string")
        sources.push([[key, String(index)], item.replace(/^[^=]*=/, "")]);
    });
  }
  const env = getText(generator, "env");
  if (env !== undefined) sources.push([["env"], env]);
  return sources;
}

/** The encrypted files that ksops makes objects of (https://github.com/viaduct-ai/kustomize-sops). */
export function listSecretFiles({ value, file }: Manifest): Reference[] {
  return ["files", "secretFrom"].flatMap((key) =>
    getList(value, key).flatMap((item, index) => {
      const paths = key === "files" ? [item] : getList(item, "files");
      return paths.flatMap((written, at) => {
        if (typeof written !== "string") return [];
        const where =
          key === "files" ? [key, String(index)] : [key, String(index), "files", String(at)];
        const target = resolvePath(getFolder(file), written.replace(/^[^=/]*=/, ""));
        return [{ at: where, written, target, use: "resource" as const }];
      });
    }),
  );
}
