import type { JSONSchema } from "json-schema-to-ts";
import { repositoriesSchema } from "../argocd/repositories.schema.ts";
import { policySchema } from "../config/policy.schema.ts";
import { siteSchema } from "../config/site.schema.ts";
import { versionsSchema } from "../config/versions.schema.ts";
import { recordsSchema } from "../dns/records.schema.ts";
import { inventorySchema, meshSchema, sshSchema } from "../inventory/inventory.schema.ts";
import { kustomizationSchema } from "../schema/kustomization.schema.ts";
import { removedApisSchema } from "../schema/removed-apis.schema.ts";
import { sourcesSchema } from "../schema/sources.schema.ts";
import { ignoreSchema } from "./ignore.schema.ts";

/** The schemas of our own YAML files by their names in config/schemas/own, where editors find them. */
export const ownSchemas = {
  "argocd-repositories": repositoriesSchema,
  "dns-records": recordsSchema,
  "lint-ignore": ignoreSchema,
  "removed-apis": removedApisSchema,
  "schema-sources": sourcesSchema,
  inventory: inventorySchema,
  kustomization: kustomizationSchema as JSONSchema,
  mesh: meshSchema,
  policy: policySchema,
  site: siteSchema,
  ssh: sshSchema,
  versions: versionsSchema,
} as const satisfies Record<string, JSONSchema>;

export type OwnSchemaName = keyof typeof ownSchemas;
