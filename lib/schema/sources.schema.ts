import type { JSONSchema } from "json-schema-to-ts";

const source = {
  type: "object",
  additionalProperties: false,
  required: ["module", "version", "sum", "licence", "files"],
  properties: {
    module: { type: "string", minLength: 1, description: "a Go module, such as k8s.io/kubernetes" },
    version: {
      type: "string",
      pattern: "^v\\d+\\.\\d+\\.\\d+$",
      description: "a version of the module, such as v1.36.3",
    },
    sum: {
      type: "string",
      pattern: "^h1:[A-Za-z0-9+/]{43}=$",
      description: "the sum of the module as in a go.sum, h1: and 44 characters",
    },
    licence: { enum: ["Apache-2.0", "MIT"], description: "as SPDX names it" },
    files: {
      type: "array",
      minItems: 1,
      items: { type: "string", minLength: 1, description: "a pattern below the module's folder" },
    },
  },
} as const satisfies JSONSchema;

/** config/schemas/sources.yaml: where the schemas of Kubernetes and of CRDs come from. */
export const sourcesSchema = {
  $id: "schema-sources",
  type: "object",
  additionalProperties: false,
  required: ["kubernetes", "crds"],
  properties: {
    /** Modules with an OpenAPI document, by minor: "1.36". */
    kubernetes: {
      type: "object",
      minProperties: 1,
      propertyNames: { pattern: "^\\d+\\.\\d+$", description: 'a minor, such as "1.36"' },
      additionalProperties: source,
    },
    /** Modules with CustomResourceDefinitions, by name. */
    crds: { type: "object", additionalProperties: source },
  },
} as const satisfies JSONSchema;
