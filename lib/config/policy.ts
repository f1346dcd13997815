import path from "node:path";
import { loadYaml } from "./load-yaml.ts";
import { repositoryRoot } from "./paths.ts";
import { policySchema } from "./policy.schema.ts";

export interface Policy {
  /** Undefined: as many at once as the target's cores and memory carry. */
  restoreConcurrency: number | undefined;
  freeSpaceFactor: number;
}

export const policyFile = path.join(repositoryRoot, "config/dr/policy.yaml");

/** Loads config/dr/policy.yaml. Throws what loadYaml throws. */
export async function loadPolicy(file = policyFile): Promise<Policy> {
  const { value } = await loadYaml(file, policySchema);
  return {
    restoreConcurrency: value.restoreConcurrency,
    freeSpaceFactor: value.freeSpaceFactor ?? 1.3,
  };
}
