import { glob } from "node:fs/promises";
import path from "node:path";
import type { JSONSchema } from "json-schema-to-ts";
import { readFile } from "node:fs/promises";
import { parseYaml } from "../config/parse-yaml.ts";
import { repositoryRoot, showPath } from "../config/paths.ts";

export const rolesFolder = path.join(repositoryRoot, "ansible/roles");

/**
 * A schema for every variable that the roles declare in defaults/main.yml, which is their
 * interface: of the kind that its default has, or a template. Throws what parseYaml throws.
 */
export async function readRoleVariables(folder = rolesFolder): Promise<Record<string, JSONSchema>> {
  const schemas: Record<string, JSONSchema> = {};
  for await (const name of glob("*/defaults/main.yml", { cwd: folder })) {
    const file = path.join(folder, name);
    const { value } = await parseYaml(await readFile(file, "utf8"), showPath(file));
    for (const [key, given] of Object.entries(value ?? {})) schemas[key] = describeKind(given);
  }
  return schemas;
}

/** Text and templates may become anything; the other kinds are what they are. */
function describeKind(given: unknown): JSONSchema {
  if (typeof given === "boolean") return orTemplate({ type: "boolean" }, "true or false");
  if (typeof given === "number") return orTemplate({ type: "number" }, "a number");
  if (Array.isArray(given)) return orTemplate({ type: "array" }, "a list");
  if (typeof given === "object" && given !== null) return orTemplate({ type: "object" }, "a map");
  return {};
}

/** Values of a kind, and text only where it is a template or encrypted in place. */
export function orTemplate(
  { type }: { type: "boolean" | "number" | "array" | "object" },
  description: string,
): JSONSchema {
  return { type: [type, "string"], pattern: "\\{\\{|^\\$ANSIBLE_VAULT;", description };
}
