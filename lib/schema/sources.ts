import path from "node:path";
import type { FromSchema } from "json-schema-to-ts";
import { loadYaml } from "../config/load-yaml.ts";
import { repositoryRoot } from "../config/paths.ts";
import { sourcesSchema } from "./sources.schema.ts";

export type SchemaSources = FromSchema<typeof sourcesSchema>;

/** A Go module with schemas, and which of its files hold them. */
export type SchemaSource = SchemaSources["crds"][string];

/** Where the schemas of Kubernetes and of CRDs are kept. */
export const schemasFolder = path.join(repositoryRoot, "config/schemas");

export const sourcesFile = path.join(schemasFolder, "sources.yaml");

/** Loads config/schemas/sources.yaml; throws what loadYaml throws. */
export async function loadSources(file = sourcesFile): Promise<SchemaSources> {
  return (await loadYaml(file, sourcesSchema)).value;
}
