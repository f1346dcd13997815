/** A JSON Schema, or a schema of OpenAPI, as data: what is read and written, not what judges. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  not?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  [keyword: string]: unknown;
}

/** What a subschema is to the schema it stands in. */
export type Position = "value" | "condition";

/**
 * A copy with every direct subschema replaced. They are found by where they stand and never by their
 * name: a property may be called `$ref`, `items` or `description`. `condition` is what stands below
 * allOf, anyOf, oneOf and not.
 */
export function mapSubschemas(
  schema: Schema,
  change: (subschema: Schema, position: Position) => Schema,
): Schema {
  const copy = { ...schema };
  const { properties, items, additionalProperties, not } = schema;
  if (properties !== undefined)
    copy.properties = mapValues(properties, (one) => change(one, "value"));
  if (items !== undefined) copy.items = change(items, "value");
  if (typeof additionalProperties === "object") {
    copy.additionalProperties = change(additionalProperties, "value");
  }
  if (not !== undefined) copy.not = change(not, "condition");
  for (const keyword of ["allOf", "anyOf", "oneOf"] as const) {
    const all = schema[keyword];
    if (all !== undefined) copy[keyword] = all.map((one) => change(one, "condition"));
  }
  return copy;
}

/** How many rules in CEL a schema has in all; no validator of JSON Schema evaluates them. */
export function countCelRules(schema: Schema): number {
  const own = schema["x-kubernetes-validations"];
  let count = Array.isArray(own) ? own.length : 0;
  mapSubschemas(schema, (subschema) => {
    count += countCelRules(subschema);
    return subschema;
  });
  return count;
}

/** The same keys with other values. */
export function mapValues<From, To>(
  record: Record<string, From>,
  change: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, change(value, key)]),
  );
}
