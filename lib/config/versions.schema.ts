import type { JSONSchema } from "json-schema-to-ts";

const version = {
  type: "string",
  pattern: "^v?\\d+\\.\\d+\\.\\d+([-+][0-9A-Za-z.+-]+)?$",
  description: "a version with three numbers, such as v1.36.3+k3s1",
} as const;

const range = {
  type: "string",
  pattern: "^((>=|<=|>|<|=)?v?\\d+(\\.\\d+){0,2})( (>=|<=|>|<|=)?v?\\d+(\\.\\d+){0,2})*$",
  description: 'bounds with a blank between them, such as ">=1.18.3 <1.19"',
} as const;

const sha256 = {
  type: "string",
  pattern: "^[0-9a-f]{64}$",
  description: "a SHA-256 sum, 64 hexadecimal digits",
} as const;

const digest = {
  type: "string",
  pattern: "^sha256:[0-9a-f]{64}$",
  description: "an image digest, sha256: and 64 hexadecimal digits",
} as const;

const knownBad = {
  type: "array",
  items: {
    type: "object",
    additionalProperties: false,
    required: ["range", "reason"],
    properties: { range, reason: { type: "string", minLength: 1, description: "what goes wrong" } },
  },
} as const;

/** Of a file that is downloaded, by architecture. */
const sums = {
  type: "object",
  additionalProperties: false,
  properties: { amd64: sha256, arm64: sha256 },
} as const;

const component = {
  type: "object",
  additionalProperties: false,
  required: ["version"],
  properties: {
    version,
    /** What the project was run with; another version may work. */
    tested: range,
    knownBad,
    sha256: sums,
    /** Of the image, by architecture. */
    digest: {
      type: "object",
      additionalProperties: false,
      properties: { amd64: digest, arm64: digest },
    },
  },
} as const;

/** config/versions.yaml: what runs on the hosts and in the cluster. */
export const versionsSchema = {
  $id: "versions",
  type: "object",
  additionalProperties: false,
  required: ["versions"],
  properties: {
    // One key at the top, since Ansible makes a variable of each.
    versions: {
      type: "object",
      additionalProperties: false,
      required: [
        "node",
        "k3s",
        "velero",
        "veleroPluginForAws",
        "kopia",
        "localPathProvisioner",
        "restoreImage",
      ],
      properties: {
        node: component,
        k3s: {
          ...component,
          properties: {
            ...component.properties,
            /** Of the archive with the images of k3s itself, in its format .tar.zst. */
            imagesSha256: sums,
          },
        },
        velero: component,
        veleroPluginForAws: component,
        kopia: {
          ...component,
          required: ["module", "version"],
          properties: {
            ...component.properties,
            module: { type: "string", minLength: 1, description: "the Go module it is built from" },
          },
        },
        localPathProvisioner: component,
        /** Nor these, which only manifests name. */
        argoCd: component,
        ksops: component,
        certManager: component,
        externalDns: component,
        ingressNginx: component,
        sealedSecrets: component,
        /** What tofu/ is run with. */
        opentofu: component,
        cloudflareProvider: component,
        /** Not required: a site may have another mesh. */
        tailscale: component,
        restoreImage: {
          type: "object",
          additionalProperties: false,
          required: ["name", "tag"],
          properties: {
            name: {
              type: "string",
              pattern: "^[a-z0-9]+([._/-][a-z0-9]+)*$",
              description: "an image name without a tag",
            },
            tag: {
              type: "string",
              pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
              description: "an image tag",
            },
            digest: component.properties.digest,
          },
        },
      },
    },
  },
} as const satisfies JSONSchema;
