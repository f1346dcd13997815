import path from "node:path";
import { type Fields, getList, getText } from "./manifest.ts";

/** A kustomization, and what it is put together from. */
export interface Kustomization {
  file: string;
  /** Empty for the judged folder itself. */
  folder: string;
  value: Fields;
  /** Files and folders of this repository, without those outside of it. */
  local: string[];
  /** Files that change objects, and are none themselves. */
  patches: string[];
  /** What has to be fetched or run: remote bases, charts, generators with programs. */
  foreign: string[];
}

/** Reads what a kustomization is put together from; `value` is what its file holds. */
export function parseKustomization(file: string, value: Fields): Kustomization {
  const folder = path.posix.dirname(file) === "." ? "" : path.posix.dirname(file);
  const named = ["resources", "bases", "components", "crds"].flatMap((key) =>
    listTexts(value, key),
  );
  const patches = [
    ...listTexts(value, "patchesStrategicMerge").filter((one) => !one.includes("\n")),
    ...["patches", "patchesJson6902", "replacements"].flatMap((key) =>
      getList(value, key).flatMap((one) => getText(one, "path") ?? []),
    ),
    ...listTexts(value, "transformers"),
    ...listTexts(value, "configurations"),
  ];
  const resolve = (one: string) => path.posix.normalize(path.posix.join(folder, one));
  return {
    file,
    folder,
    value,
    local: named.filter((one) => !isRemote(one)).map(resolve),
    patches: patches.filter((one) => !isRemote(one)).map(resolve),
    foreign: [
      ...[...named, ...patches, ...listTexts(value, "validators")].filter(isRemote),
      ...[getText(value, "openapi", "path") ?? ""].filter(isRemote),
      ...getList(value, "helmCharts").flatMap((one) => getText(one, "name") ?? []),
      ...listTexts(value, "generators"),
    ],
  };
}

/** Whether the objects of a kustomization are those of its files, without any change. */
export function isPlainList({ value, foreign }: Kustomization): boolean {
  const harmless = ["apiVersion", "kind", "metadata", "resources"];
  return foreign.length === 0 && Object.keys(value).every((key) => harmless.includes(key));
}

/** The same without what has to be fetched or run. */
export function withoutForeign({ value }: Kustomization): Fields {
  const { helmCharts: _charts, generators: _generators, ...rest } = value;
  const entries = Object.entries(rest).map(([key, one]) => [
    key,
    Array.isArray(one) ? one.filter((item) => !namesRemote(item)) : one,
  ]);
  const { openapi, ...local } = Object.fromEntries(entries) as Fields;
  return openapi === undefined || namesRemote(openapi) ? local : { ...local, openapi };
}

/**
 * As kustomize 5 tells a remote base from a path (api/internal/git/repospec.go): by a scheme, a user,
 * or the host github.com. What has a ref is no path of this repository either.
 */
export function isRemote(one: string): boolean {
  if (one.includes("\n")) return false;
  return /^git::|^[a-z]+:\/\/|^[a-z][a-z\d-]*@[^/]+[:/]|^github\.com[:/]|\?ref=/i.test(one);
}

/** Whether an item of a list is a remote path, or has one. */
function namesRemote(item: unknown): boolean {
  return isRemote(typeof item === "string" ? item : (getText(item, "path") ?? ""));
}

function listTexts(value: unknown, key: string): string[] {
  return getList(value, key).filter((one) => typeof one === "string");
}
