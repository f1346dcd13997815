import type { JSONSchema } from "json-schema-to-ts";

const host = "([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:]+\\])";
const label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?";

/** config/argocd/repositories.yaml: where Argo CD may take what it applies from. */
export const repositoriesSchema = {
  $id: "argocd-repositories",
  type: "object",
  additionalProperties: false,
  required: ["repositories"],
  properties: {
    repositories: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["url"],
        properties: {
          url: {
            type: "string",
            // Somebody may have written a password into it.
            writeOnly: true,
            pattern: `^(https://${host}(:\\d+)?(/[^?#\\s]*)?|ssh://([\\w.-]+@)?${host}(:\\d+)?/[^?#\\s]+|[\\w.-]+@${host}:[^?#\\s]+)$`,
            description:
              "an address that begins with https://, ssh:// or git@, as the Applications have it; a password goes into a credential, and http:// would show it to everybody in between",
          },
          type: { enum: ["git", "helm"], description: "what is there; git when left out" },
          project: {
            type: "string",
            pattern: `^${label}(\\.${label})*$`,
            description:
              "the only AppProject whose Applications may use it; all of them when left out",
          },
          username: {
            type: "string",
            pattern: "^[^\\s:]+$",
            description:
              "the user that the credential's password is of, over HTTPS; git when left out",
          },
          credential: {
            type: "string",
            pattern: `^${label}$`,
            description:
              "a name of a-z, 0-9 and -, for what scripts/setup/init-secrets.ts asks for",
          },
        },
      },
    },
  },
} as const satisfies JSONSchema;
