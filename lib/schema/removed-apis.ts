import path from "node:path";
import type { FromSchema } from "json-schema-to-ts";
import { loadYaml } from "../config/load-yaml.ts";
import { removedApisSchema } from "./removed-apis.schema.ts";
import { schemasFolder } from "../config/paths.ts";

/** An API version that is no longer served; it has either `use` or `instead`. */
export type RemovedApi = FromSchema<typeof removedApisSchema>["removed"][number];

export const removedApisFile = path.join(schemasFolder, "removed-apis.yaml");

/** Loads config/schemas/removed-apis.yaml; throws what loadYaml throws. */
export async function loadRemovedApis(file = removedApisFile): Promise<RemovedApi[]> {
  return (await loadYaml(file, removedApisSchema)).value.removed;
}

/** What is known of an object's API version; undefined when it was not removed. */
export function findRemovedApi(
  removed: readonly RemovedApi[],
  apiVersion: string,
  kind: string,
): RemovedApi | undefined {
  return removed.find(
    (one) => one.apiVersion === apiVersion && (one.kinds?.includes(kind) ?? true),
  );
}
