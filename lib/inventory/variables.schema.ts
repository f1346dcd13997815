import type { JSONSchema } from "json-schema-to-ts";
import { orTemplate } from "./role-defaults.ts";

const text = { type: "string", minLength: 1 } as const;
const network = {
  ...text,
  description: "a network such as 10.42.0.0/16; an IPv6 one may follow after a comma",
} as const;

/**
 * What a person sets in group_vars and host_vars beside the variables of the roles, which are in
 * their defaults: how hosts are reached, and what belongs to the cluster as a whole.
 */
export const sharedVariables = {
  cluster_cidr: { ...network, description: `the network of the pods, ${network.description}` },
  service_cidr: { ...network, description: `the network of the services, ${network.description}` },
  via: { enum: ["auto", "mesh", "public"], description: "auto, mesh or public" },
  mesh: { enum: ["tailscale", "zerotier", "none"], description: "tailscale, zerotier or none" },
  ansible_host: { ...text, description: "an address, or a template of one" },
  ansible_become: orTemplate({ type: "boolean" }, "true or false"),
  ansible_become_method: text,
  ansible_become_user: text,
  ansible_python_interpreter: text,
  ansible_ssh_common_args: text,
  ansible_ssh_extra_args: text,
  ansible_ssh_retries: orTemplate({ type: "number" }, "a number"),
  ansible_ssh_timeout: orTemplate({ type: "number" }, "a number"),
  ansible_ssh_pipelining: orTemplate({ type: "boolean" }, "true or false"),
} as const satisfies Record<string, JSONSchema>;
