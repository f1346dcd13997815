import type { JSONSchema } from "json-schema-to-ts";
import { providers } from "../world.ts";

const secret = { type: "string", writeOnly: true } as const;

const keyFile = {
  type: "string",
  // Ansible would read any other path from whatever folder it happens to run in.
  pattern: "^(/|~/).",
  description: "a path that begins with / or ~/",
} as const;

/** One host of hosts.yml. */
const host = {
  type: "object",
  additionalProperties: false,
  required: ["public_ip", "ansible_user", "provider"],
  properties: {
    public_ip: { type: "string", minLength: 1, description: "the host's public IP address" },
    ansible_host: { type: "string", minLength: 1, description: "an address" },
    ansible_user: {
      type: "string",
      pattern: "^[a-z_][a-z0-9_-]*$",
      description: "the name of a user on the host",
    },
    ansible_port: { type: "integer", minimum: 1, maximum: 65535, description: "the port of sshd" },
    ansible_ssh_private_key_file: keyFile,
    ansible_ssh_pass: { ...secret, description: "a password, as {{ vault_… }}" },
    provider: { enum: providers, description: `one of ${providers.join(", ")}` },
    provider_id: {
      type: ["string", "integer"],
      minLength: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "the provider's own id of the machine",
    },
    zone: { type: "string", minLength: 1, description: "the zone, such as hetzner-fsn1" },
    instance_type: { type: "string", minLength: 1, description: "the machine type, such as cx22" },
    stateful: { type: "boolean", description: "true or false" },
    edge: { type: "boolean", description: "true or false" },
  },
} as const satisfies JSONSchema;

/** What is said of one host, in hosts.yml and nowhere else. */
export const hostKeys: readonly string[] = Object.keys(host.properties);

const group = {
  type: ["object", "null"],
  additionalProperties: false,
  properties: {
    hosts: {
      type: ["object", "null"],
      propertyNames: {
        pattern: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        description: "the name of a node: a-z, 0-9, - and .",
      },
      additionalProperties: host,
    },
  },
} as const satisfies JSONSchema;

const cluster = {
  type: "object",
  additionalProperties: false,
  required: ["children"],
  properties: {
    children: {
      type: "object",
      additionalProperties: false,
      properties: { k3s_masters: group, k3s_workers: group },
    },
  },
} as const satisfies JSONSchema;

/** hosts.yml: the groups of one cluster, under Ansible's own group `all`. */
export const inventorySchema = {
  $id: "inventory",
  type: "object",
  additionalProperties: false,
  required: ["all"],
  properties: {
    all: {
      type: "object",
      additionalProperties: false,
      required: ["children"],
      properties: {
        children: {
          type: "object",
          additionalProperties: false,
          required: ["k3s_cluster"],
          properties: { k3s_cluster: cluster },
        },
      },
    },
  },
} as const satisfies JSONSchema;

/** host_vars/<host>/mesh.yml, which the networking play writes. */
export const meshSchema = {
  $id: "mesh",
  type: "object",
  additionalProperties: false,
  required: ["mesh_ip"],
  properties: {
    mesh_ip: { type: "string", minLength: 1, description: "the host's address in the mesh" },
  },
} as const satisfies JSONSchema;

/** host_vars/<host>/ssh.yml, which bootstrap.yml writes for a host that began with a password. */
export const sshSchema = {
  $id: "ssh",
  type: "object",
  additionalProperties: false,
  required: ["ansible_ssh_private_key_file"],
  properties: {
    ansible_ssh_private_key_file: keyFile,
    ansible_ssh_pass: { const: "", description: "empty: the password of hosts.yml is off" },
  },
} as const satisfies JSONSchema;
