import type { JSONSchema } from "json-schema-to-ts";
import { exitCodes, InfraError } from "../errors.ts";
import { getValidator } from "../schema/ajv.ts";

/**
 * A program's answer in JSON, held against the schema of the part that is read; `T` is the type of
 * that schema. Throws MESH_UNREADABLE.
 */
export async function parseAnswer<T>(
  text: string,
  schema: JSONSchema,
  { program, where }: { program: string; where: string },
): Promise<T> {
  const validate = await getValidator(schema);
  const value = parseJson(text);
  if (validate(value)) return value as T;
  const [error] = validate.errors ?? [];
  throw new InfraError({
    code: "MESH_UNREADABLE",
    message: `what ${program} says on ${where} cannot be read`,
    why:
      value === undefined
        ? `it is no JSON: ${text.trim().slice(0, 80) || "it is empty"}`
        : `${error?.instancePath || "the answer"} ${error?.message ?? "is not as expected"}`,
    fix: `See what it says there, and whether its version is one that the docs name: ${program} --json`,
    exitCode: exitCodes.failed,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
