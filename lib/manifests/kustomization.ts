import path from "node:path";
import { type Fields, getList, getText } from "./manifest.ts";

/** The names that kustomize takes for a kustomization's file. */
export const kustomizationNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

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

/** Whether a path is that of a kustomization's file. */
export function isKustomization(file: string): boolean {
  return kustomizationNames.includes(path.posix.basename(file));
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
    patches: patches.map(resolve),
    foreign: [
      ...named.filter(isRemote),
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
  const entries = Object.entries(rest).map(([key, one]) => {
    const named = ["resources", "bases", "components"].includes(key) ? listTexts(value, key) : [];
    return [key, named.length === 0 ? one : named.filter((text) => !isRemote(text))];
  });
  return Object.fromEntries(entries) as Fields;
}

/** As kustomize tells a remote base from a path: a URL, or a host with a path and perhaps a ref. */
function isRemote(one: string): boolean {
  return /^[a-z]+:\/\/|^git@|^(?:[\w-]+\.)+[a-z]{2,}\/|\?ref=/.test(one);
}

function listTexts(value: unknown, key: string): string[] {
  return getList(value, key).filter((one) => typeof one === "string");
}
