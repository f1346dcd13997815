import type { JSONSchema } from "json-schema-to-ts";

const file = {
  type: "string",
  minLength: 1,
  description: "a path, read from the site's folder",
} as const;

const endpoint = {
  type: "object",
  additionalProperties: false,
  required: ["url"],
  properties: {
    url: {
      type: "string",
      // Somebody may have written a password into it.
      writeOnly: true,
      // A token goes there: in clear only within the machine.
      pattern:
        "^(https://[^/?#@]+|http://(127\\.0\\.0\\.1|localhost|\\[::1\\])(:\\d+)?)(/[^?#]*)?$",
      description: "the https:// address of the API, with its version if it has one",
    },
    caFile: {
      ...file,
      description: "a PEM file with the CA of that address, read from the site's folder",
    },
  },
} as const;

/** site.yaml: what belongs to one real place. */
export const siteSchema = {
  $id: "site",
  type: "object",
  additionalProperties: false,
  properties: {
    name: {
      type: "string",
      pattern: "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
      description: "a name of a-z, 0-9 and -",
    },
    clusterName: { type: "string", minLength: 1, description: "the cluster's name for people" },
    clusterUid: {
      type: "string",
      pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
      description: "the UID of the cluster's namespace kube-system",
    },
    inventory: file,
    kubeconfig: file,
    sshKnownHosts: file,
    ageKey: file,
    vaultPassword: file,
    bootstrap: {
      ...file,
      description: "the folder that Argo CD is started from, read from the site's folder",
    },
    repositories: file,
    dnsRecords: {
      ...file,
      description: "the list of static DNS records, read from the site's folder",
    },
    objectStore: endpoint,
    cloudflare: endpoint,
    power: {
      type: "object",
      additionalProperties: false,
      properties: { hetzner: endpoint, vultr: endpoint, aws: endpoint },
    },
  },
} as const satisfies JSONSchema;
