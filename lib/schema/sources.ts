import path from "node:path";
import type { FromSchema } from "json-schema-to-ts";
import { loadYaml } from "../config/load-yaml.ts";
import { schemasFolder, showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { sourcesSchema } from "./sources.schema.ts";

export type SchemaSources = FromSchema<typeof sourcesSchema>;

/** A Go module with schemas, and which of its files hold them. */
export type SchemaSource = SchemaSources["crds"][string];

export const sourcesFile = path.join(schemasFolder, "sources.yaml");

/** Loads config/schemas/sources.yaml; throws what loadYaml throws. */
export async function loadSources(file = sourcesFile): Promise<SchemaSources> {
  return (await loadYaml(file, sourcesSchema)).value;
}

/** The minor of Kubernetes that a version of k3s is; throws SCHEMAS_MINOR_MISSING without a source. */
export function getMinor(sources: SchemaSources, k3sVersion: string): string {
  const [minor = ""] = /\d+\.\d+/.exec(k3sVersion) ?? [];
  if (sources.kubernetes[minor] !== undefined) return minor;
  throw new InfraError({
    code: "SCHEMAS_MINOR_MISSING",
    message: `there is no source for the schemas of Kubernetes ${minor}`,
    where: { file: showPath(sourcesFile) },
    why: `config/versions.yaml pins k3s ${k3sVersion}`,
    fix: `Add "${minor}" below "kubernetes"`,
  });
}
