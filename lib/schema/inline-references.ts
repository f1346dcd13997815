import { mapSubschemas, type Schema } from "./json-schema.ts";

/**
 * A schema with what it refers to by `#/$defs/NAME` in the place of the references. Throws a plain
 * Error for a name that is not there; what refers to itself has no end.
 */
export function inlineReferences(schema: Schema, definitions: Record<string, Schema>): Schema {
  const name = schema.$ref?.replace("#/$defs/", "");
  if (name === undefined) {
    return mapSubschemas(schema, (subschema) => inlineReferences(subschema, definitions));
  }
  const definition = definitions[name];
  if (definition === undefined) throw new Error(`there is no definition ${name}`);
  return inlineReferences(definition, definitions);
}
