import type { JSONSchema } from "json-schema-to-ts";

/** config/dr/policy.yaml: what a recovery may do without being told. */
export const policySchema = {
  $id: "policy",
  type: "object",
  additionalProperties: false,
  properties: {
    restoreConcurrency: {
      type: "integer",
      minimum: 1,
      description: "how many volumes are restored at once",
    },
    freeSpaceFactor: {
      type: "number",
      minimum: 1,
      description: "how many times the bytes to restore have to be free on the target",
    },
  },
} as const satisfies JSONSchema;
