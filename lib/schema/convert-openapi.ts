import { countCelRules, mapSubschemas, mapValues, type Schema } from "./json-schema.ts";
import { pickKeywords } from "./pick-keywords.ts";

/** What of Kubernetes' OpenAPI document (version 2) is read. */
export interface OpenApi {
  definitions: Record<string, Schema>;
  paths: Record<string, Record<string, { "x-kubernetes-group-version-kind"?: GroupVersionKind }>>;
}

interface GroupVersionKind {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
}

/** A kind that the API server has a path for. */
export interface ServedKind extends GroupVersionKind {
  namespaced: boolean;
  /** The rules in CEL of its schema. */
  cel: number;
  /** The name of its schema among the definitions. */
  definition: string;
}

export interface ConvertedOpenApi {
  kinds: ServedKind[];
  /** The schemas that the kinds need; references read `#/$defs/NAME`. */
  definitions: Record<string, Schema>;
}

/** Types that are maps of anything; Go reads them by methods of their own (apimachinery). */
const openObjects = new Set([
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
  "io.k8s.apimachinery.pkg.runtime.RawExtension",
]);

const quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";

const referenceStart = "#/definitions/";

/** Turns Kubernetes' OpenAPI document into strict JSON Schemas. */
export function convertOpenApi(document: OpenApi): ConvertedOpenApi {
  const kinds = findServedKinds(document);
  const needed = findNeeded(document.definitions, kinds);
  const definitions = Object.entries(document.definitions)
    .filter(([name]) => needed.has(name))
    .map(([name, schema]) => [name, convertDefinition(name, schema)] as const);
  return { kinds, definitions: Object.fromEntries(definitions) };
}

/** One definition by its full name, with the kind it stands for fixed when it is only one. */
export function convertDefinition(name: string, schema: Schema): Schema {
  // A quantity is a string in the document, and `cpu: 2` is what everybody writes.
  if (name === quantity) return { type: ["string", "number"] };
  if (openObjects.has(name)) return { type: "object" };
  const converted = convertValue(schema);
  const [first, ...others] = listKinds(schema);
  if (first === undefined || others.length > 0) return converted;
  const { properties = {} } = converted;
  const fixed = { apiVersion: renderApiVersion(first), kind: first.kind };
  return {
    ...converted,
    properties: { ...properties, ...mapValues(fixed, (value) => ({ const: value })) },
  };
}

/** `apps/v1`, and `v1` for the core group. */
export function renderApiVersion({ group, version }: { group: string; version: string }): string {
  return group === "" ? version : `${group}/${version}`;
}

function convertValue(schema: Schema): Schema {
  const converted = pickKeywords(mapSubschemas(schema, convertValue));
  if (schema.format === "int-or-string") return { type: ["integer", "string"] };
  if (converted.$ref !== undefined) {
    return { $ref: converted.$ref.replace(referenceStart, "#/$defs/") };
  }
  const isMap = schema.additionalProperties !== undefined;
  if (schema.type === "object" && !isMap) converted.additionalProperties = false;
  return converted;
}

/**
 * Objects that are sent as manifests have a path of their own: not a part of another object, as
 * `pods/NAME/eviction`, and one to create (post) or list (get) them by.
 */
function findServedKinds({ definitions, paths }: OpenApi): ServedKind[] {
  const names = new Map(
    Object.entries(definitions).flatMap(([name, schema]) =>
      listKinds(schema).map((kind) => [renderKey(kind), name] as const),
    ),
  );
  const served = new Map<string, ServedKind>();
  for (const [path, operations] of Object.entries(paths)) {
    const match = /^\/apis?(?:\/[^/]+)?\/v[^/]+\/(namespaces\/\{namespace\}\/)?[^/{]+\/?$/.exec(
      path,
    );
    const kind = (operations["post"] ?? operations["get"])?.["x-kubernetes-group-version-kind"];
    if (match === null || kind === undefined) continue;
    const key = renderKey(kind);
    const definition = names.get(key);
    if (definition === undefined) continue;
    // Kinds in namespaces have a second path, which lists them in all of them.
    const namespaced = match[1] !== undefined || (served.get(key)?.namespaced ?? false);
    const cel = countCelRules(definitions[definition] ?? {});
    served.set(key, { ...kind, namespaced, definition, cel });
  }
  return [...served.values()];
}

/** The names of the kinds' definitions and of all they refer to. */
function findNeeded(definitions: Record<string, Schema>, kinds: ServedKind[]): Set<string> {
  const needed = new Set<string>();
  const visit = (schema: Schema): Schema => {
    const name = schema.$ref?.replace(referenceStart, "");
    if (name !== undefined && !needed.has(name)) {
      needed.add(name);
      visit(definitions[name] ?? {});
    }
    return mapSubschemas(schema, visit);
  };
  for (const { definition } of kinds) visit({ $ref: referenceStart + definition });
  return needed;
}

function listKinds(schema: Schema): GroupVersionKind[] {
  return (schema["x-kubernetes-group-version-kind"] ?? []) as GroupVersionKind[];
}

function renderKey(kind: GroupVersionKind): string {
  return `${renderApiVersion(kind)} ${kind.kind}`;
}
