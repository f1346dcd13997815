import type { DataPath } from "../schema/explain.ts";

/** An object as YAML gives it. */
export type Fields = Readonly<Record<string, unknown>>;

/** One Kubernetes object in a file, with what it is known by. */
export interface Manifest {
  /** Relative to the judged folder, with "/" between its parts. */
  file: string;
  /** Which document of the file, from 0; empty ones do not count. */
  document: number;
  /** Where in the document it begins: not at the top when it is an item of a List. */
  at: DataPath;
  apiVersion: string;
  kind: string;
  /** Empty when the object has none. */
  name: string;
  namespace: string | undefined;
  /** Whether it is what kustomize makes, and not as it stands in a file. */
  isRendered?: true;
  /** Whether kustomize changes it before it is applied, and was not run, or not wholly. */
  isPart?: true;
  /** When and how Argo CD applies it: its annotations sync-wave and sync-options. */
  sync?: { wave?: string; options?: string };
  value: Fields;
}

export const syncWaveAnnotation = "argocd.argoproj.io/sync-wave";

/** The objects of a file's documents; what has no apiVersion and kind is none. */
export function listManifests(file: string, documents: readonly unknown[]): Manifest[] {
  return documents.flatMap((value, document) => listObjects(file, document, [], value));
}

/** A part of a document that is to be an object, and does not say of which kind. */
export interface Stray {
  document: number;
  at: DataPath;
}

/**
 * What of a file's documents is meant as an object and is none: it has an apiVersion, a kind or
 * metadata, however they are written, or is an item of a List. What has none of them, as the values
 * of a chart, is something else.
 */
export function listStrays(file: string, documents: readonly unknown[]): Stray[] {
  return documents.flatMap((value, document) => findStrays(file, document, [], value));
}

function findStrays(file: string, document: number, at: DataPath, value: unknown): Stray[] {
  const { apiVersion, kind } = isFields(value) ? nameKind(file, value) : {};
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    return at.length > 0 || isMeantAsObject(value) ? [{ document, at }] : [];
  }
  if (apiVersion !== "v1" || kind !== "List") return [];
  return getList(value, "items").flatMap((item, index) =>
    findStrays(file, document, [...at, "items", String(index)], item),
  );
}

function isMeantAsObject(value: unknown): boolean {
  if (!isFields(value)) return false;
  return Object.keys(value).some((key) => /^(apiVersion|kind|metadata)$/i.test(key));
}

/** `apps/Deployment`; without the version, since most rules hold for all of them. */
export function describeKind({ apiVersion, kind }: Pick<Manifest, "apiVersion" | "kind">): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? kind : `${apiVersion.slice(0, slash)}/${kind}`;
}

/** The objects of one kind, as describeKind writes it. */
export function listOfKind(manifests: readonly Manifest[], name: string): Manifest[] {
  const kind = name.slice(name.indexOf("/") + 1);
  return manifests.filter((one) => one.kind === kind && describeKind(one) === name);
}

/** The value under a path of keys and indexes; undefined where the path ends early. */
export function getAt(value: unknown, ...path: string[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Fields)[step];
  }
  return at;
}

/** The text under a path; undefined when there is none. */
export function getText(value: unknown, ...path: string[]): string | undefined {
  const found = getAt(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** The items of the list under a path; empty when there is no list. */
export function getList(value: unknown, ...path: string[]): readonly unknown[] {
  const found = getAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The texts of the list under a path, without what is no text. */
export function getTexts(value: unknown, ...path: string[]): readonly string[] {
  return getList(value, ...path).filter((one) => typeof one === "string");
}

/** The fields of the map under a path; empty when there is no map. */
export function getFields(value: unknown, ...path: string[]): Fields {
  const found = getAt(value, ...path);
  return isFields(found) ? found : {};
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether kustomize takes a file for a kustomization, by its name. */
export function isKustomizationFile(file: string): boolean {
  return /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/.test(file);
}

function listObjects(file: string, document: number, at: DataPath, value: unknown): Manifest[] {
  if (!isFields(value)) return [];
  const { apiVersion, kind } = nameKind(file, value);
  if (typeof apiVersion !== "string" || typeof kind !== "string") return [];
  if (apiVersion === "v1" && kind === "List") {
    return getList(value, "items").flatMap((item, index) =>
      listObjects(file, document, [...at, "items", String(index)], item),
    );
  }
  const metadata = getFields(value, "metadata");
  const name = metadata["name"];
  const namespace = metadata["namespace"];
  return [
    {
      file,
      document,
      at,
      apiVersion,
      kind,
      name: typeof name === "string" ? name : "",
      namespace: typeof namespace === "string" ? namespace : undefined,
      ...readSync(metadata),
      value,
    },
  ];
}

function readSync({ annotations }: Fields): Pick<Manifest, "sync"> {
  if (!isFields(annotations)) return {};
  const wave = annotations[syncWaveAnnotation];
  const options = annotations["argocd.argoproj.io/sync-options"];
  if (typeof wave !== "string" && typeof options !== "string") return {};
  return {
    sync: {
      ...(typeof wave === "string" ? { wave } : {}),
      ...(typeof options === "string" ? { options } : {}),
    },
  };
}

/** A kustomization may leave out what it is; kustomize fills it in. */
function nameKind(file: string, value: Fields): Fields {
  if (!isKustomizationFile(file)) return value;
  const kind = value["kind"] ?? "Kustomization";
  const version = kind === "Component" ? "v1alpha1" : "v1beta1";
  return { apiVersion: value["apiVersion"] ?? `kustomize.config.k8s.io/${version}`, kind };
}
