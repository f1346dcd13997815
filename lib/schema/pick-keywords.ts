import type { Schema } from "./json-schema.ts";

/** What JSON Schema and OpenAPI say in the same way. */
const kept = new Set([
  "$ref",
  "type",
  "required",
  "enum",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "multipleOf",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "properties",
  "items",
  "additionalProperties",
  "allOf",
  "anyOf",
  "oneOf",
  "not",
]);

/** Prose, which is not ours to copy, and what a conversion reads by itself. */
const dropped = new Set([
  "description",
  "title",
  "example",
  "externalDocs",
  "default",
  "exclusiveMaximum",
  "exclusiveMinimum",
  "format",
  "nullable",
]);

/**
 * The formats that the API server and validators of JSON Schema judge alike. Formats of numbers say
 * nothing that is not said again by a bound or the type.
 */
const keptFormats = new Set(["byte", "date-time", "ipv4", "ipv6"]);

/** A copy of what one schema says by itself. Throws a plain Error for a keyword nobody knows. */
export function pickKeywords(schema: Schema): Schema {
  const picked: Schema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (kept.has(keyword)) picked[keyword] = value;
    else if (!dropped.has(keyword) && !keyword.startsWith("x-")) {
      throw new Error(`no rule says what becomes of the keyword "${keyword}" of a schema`);
    }
  }
  if (schema.format !== undefined && keptFormats.has(schema.format)) picked.format = schema.format;
  return picked;
}
