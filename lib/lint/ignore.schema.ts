import type { JSONSchema } from "json-schema-to-ts";

/** config/lint-ignore.yaml: findings that are known and accepted for a while. */
export const ignoreSchema = {
  $id: "lint-ignore",
  type: "object",
  additionalProperties: false,
  required: ["ignore"],
  properties: {
    ignore: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["rule", "file", "reason", "until"],
        properties: {
          rule: { type: "string", minLength: 1, description: "the id of a rule" },
          file: {
            type: "string",
            minLength: 1,
            description: "a path below the repository's folder; * stands for a name, ** for a path",
          },
          code: {
            type: "string",
            pattern: "^[A-Z0-9_]+$",
            description: "only this code of the rule",
          },
          reason: { type: "string", minLength: 10, description: "why it is accepted" },
          until: {
            type: "string",
            pattern: "^\\d{4}-\\d{2}-\\d{2}$",
            description: "the last day on which it is, such as 2027-06-30",
          },
        },
      },
    },
  },
} as const satisfies JSONSchema;
