import type { FileRule } from "../rule.ts";

export const schema: FileRule = {
  id: "schema",
  codes: [
    "CONFIG_KEY_UNKNOWN",
    "CONFIG_KEY_MISSING",
    "CONFIG_VALUE_INVALID",
    "KIND_MISSING",
    "KIND_UNKNOWN",
    "NAME_MISSING",
    "API_NOT_SERVED",
  ],
  scope: "file",
  summary: "an object is one that the pinned k3s, with its CRDs, takes as it is written",
  why: "The API server refuses an unknown kind and a value of the wrong type, and passes over a key that it does not know: what the key was for never happens. Every level of every kind is held against the schemas in config/schemas, which come from the projects' own releases. Rules in CEL are not evaluated; the last line counts them.",
  example: {
    bad: "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replica: 2",
    good: "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2",
  },
};
