import type { Ajv, ValidateFunction } from "ajv";
import type { JSONSchema } from "json-schema-to-ts";

let instance: Promise<Ajv> | undefined;

/** The validator of a schema of ours; compiled once, and ajv is loaded with the first one. */
export async function getValidator(schema: JSONSchema): Promise<ValidateFunction> {
  instance ??= createAjv();
  return (await instance).compile(schema);
}

async function createAjv(): Promise<Ajv> {
  const { Ajv } = await import("ajv");
  return new Ajv({
    strict: true,
    // A validator judges a few files and is gone: to optimise its code takes longer than it saves.
    code: { optimize: false },
    allowUnionTypes: true,
    // Every mistake of a file in one go, and with each error the schema that has the known keys.
    allErrors: true,
    verbose: true,
  });
}
