import { describeRef, type KindName, kinds, type KubeObject, type Ref } from "../objects.ts";

/** Throws a plain Error, a defect, for a kind that lib/objects.ts does not have. */
export function refOf({ kind, metadata }: KubeObject): Ref {
  if (!(kind in kinds)) throw new Error(`lib/objects.ts does not know the kind ${kind}`);
  const { name, namespace } = metadata;
  return { kind: kind as KindName, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Throws a plain Error, a defect, for a reference that points at no single object. */
export function objectPath(ref: Ref): string {
  // An empty name would make the path that of all objects, and so would the dots a URL resolves.
  if (/^\.{0,2}$/.test(ref.name)) throw new Error(`"${ref.name}" is not a name of a ${ref.kind}`);
  return `${parentPath(ref)}/${encodeURIComponent(ref.name)}`;
}

/** The path to create an object at. Throws a plain Error when its namespace is missing. */
export function parentPath(ref: Ref): string {
  if (!kinds[ref.kind].namespaced || ref.namespace) return listPath(ref.kind, ref.namespace);
  throw new Error(`${describeRef(ref)} needs a namespace`);
}

/** The path of all objects of a kind, in one namespace or in all. */
export function listPath(kind: KindName, namespace: string | undefined): string {
  const { apiVersion, plural, namespaced } = kinds[kind];
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  if (!namespaced || namespace === undefined) return `${root}/${plural}`;
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

/** A query string, with its question mark. */
export function renderQuery(parameters: Record<string, string>): string {
  return `?${new URLSearchParams(parameters).toString()}`;
}

/** A label or field selector that wants every pair. */
export function renderSelector(pairs: Record<string, string>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
