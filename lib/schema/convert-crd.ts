import { dropConditionsOnDefaults } from "./drop-conditions.ts";
import { countCelRules, mapSubschemas, type Schema } from "./json-schema.ts";
import { pickKeywords } from "./pick-keywords.ts";

/** What of a CustomResourceDefinition (apiextensions.k8s.io/v1) is read. */
export interface CustomResourceDefinition {
  kind: "CustomResourceDefinition";
  spec: {
    group: string;
    names: { kind: string };
    scope: "Namespaced" | "Cluster";
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: Schema } }[];
  };
}

/** One version of a custom resource. */
export interface CustomKind {
  group: string;
  version: string;
  kind: string;
  namespaced: boolean;
  /** The rules in CEL of its schema. */
  cel: number;
  schema: Schema;
}

/** The versions of a CRD that are served, strict; `metadata` is the schema of the metadata. */
export function convertCrd({ spec }: CustomResourceDefinition, metadata: Schema): CustomKind[] {
  const { group, names, scope } = spec;
  return spec.versions
    .filter(({ served }) => served)
    .map(({ name: version, schema: { openAPIV3Schema: schema } }) => ({
      group,
      version,
      kind: names.kind,
      namespaced: scope === "Namespaced",
      cel: countCelRules(schema),
      schema: convertRoot(schema, {
        apiVersion: { const: `${group}/${version}` },
        kind: { const: names.kind },
        metadata,
      }),
    }));
}

/**
 * The whole schema. What every object has is said by the API server and not by a CRD, which may only
 * narrow the name in `metadata`; none of ours does.
 */
function convertRoot(schema: Schema, common: Record<string, Schema>): Schema {
  const converted = convertValue(schema);
  return {
    ...converted,
    properties: { ...converted.properties, ...common },
    required: [...new Set(["apiVersion", "kind", ...(converted.required ?? [])])],
  };
}

/** Exported for its tests: a schema that describes a value, as it stands in a CRD. */
export function convertValue(schema: Schema): Schema {
  const converted = pickKeywords(
    mapSubschemas(schema, (subschema, position) =>
      position === "value" ? convertValue(subschema) : convertCondition(subschema),
    ),
  );
  applyBounds(schema, converted);
  dropDefaulted(schema, converted);
  dropConditionsOnDefaults(schema, converted);
  if (schema["x-kubernetes-int-or-string"] === true) useTwoTypes(converted);
  if (schema["x-kubernetes-embedded-resource"] === true) addEmbedded(converted);
  const isOpen =
    schema["x-kubernetes-preserve-unknown-fields"] === true ||
    schema.additionalProperties !== undefined;
  if (schema.type === "object" && !isOpen) converted.additionalProperties = false;
  if (schema["nullable"] === true && converted.type !== undefined) {
    converted.type = [converted.type, "null"].flat();
  }
  return converted;
}

/** Below allOf, anyOf, oneOf and not stand conditions on keys that are declared elsewhere. */
function convertCondition(schema: Schema): Schema {
  const converted = pickKeywords(mapSubschemas(schema, convertCondition));
  applyBounds(schema, converted);
  return converted;
}

/** A CRD says of an integer or string that any of two holds, which makes two errors of a mistake. */
function useTwoTypes(converted: Schema): void {
  converted.type = ["integer", "string"];
  delete converted.anyOf;
}

/** OpenAPI 3.0 has the bounds of JSON Schema draft 4: `exclusiveMinimum: true` beside `minimum`. */
function applyBounds(schema: Schema, converted: Schema): void {
  for (const [bound, exclusive] of [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
  ] as const) {
    if (schema[exclusive] !== true) continue;
    converted[exclusive] = schema[bound];
    delete converted[bound];
  }
}

/** The API server fills in what has a default before it asks what is missing. */
function dropDefaulted(schema: Schema, converted: Schema): void {
  if (schema.required === undefined) return;
  converted.required = schema.required.filter(
    (name) => schema.properties?.[name]?.["default"] === undefined,
  );
  if (converted.required.length === 0) delete converted.required;
}

/** A whole object within another one has the fields of every object. */
function addEmbedded(converted: Schema): void {
  converted.properties = {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object" },
    ...converted.properties,
  };
  converted.required = [...new Set(["apiVersion", "kind", ...(converted.required ?? [])])];
}
