import type { JSONSchema } from "json-schema-to-ts";

const apiVersion = {
  type: "string",
  pattern: "^[a-z0-9.-]+/v[0-9]+((alpha|beta)[0-9]+)?$",
  description: "a group and a version, such as apps/v1",
} as const;

/** config/schemas/removed-apis.yaml: API versions that are no longer served. */
export const removedApisSchema = {
  $id: "removed-apis",
  type: "object",
  additionalProperties: false,
  required: ["removed"],
  properties: {
    removed: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["apiVersion", "removedIn"],
        properties: {
          apiVersion,
          /** All kinds when left out. */
          kinds: { type: "array", minItems: 1, items: { type: "string", pattern: "^[A-Z]\\w+$" } },
          removedIn: {
            type: "string",
            pattern: " \\d+\\.\\d+$",
            description: "a project and its version, such as Kubernetes 1.25",
          },
          /** What has the same kinds today. */
          use: apiVersion,
          /** What to do where no API version has the kind any more, as an imperative sentence. */
          instead: { type: "string", minLength: 1, description: "what to do" },
        },
      },
    },
  },
} as const satisfies JSONSchema;
