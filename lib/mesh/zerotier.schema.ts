import type { JSONSchema } from "json-schema-to-ts";

/** The part of `zerotier-cli -j info` that is read. */
export const zerotierInfoSchema = {
  $id: "zerotier-info",
  type: "object",
  required: ["address", "online"],
  properties: {
    address: { type: "string" },
    online: { type: "boolean" },
    version: { type: "string" },
  },
} as const satisfies JSONSchema;

/** The part of `zerotier-cli -j listnetworks` that is read. */
export const zerotierNetworksSchema = {
  $id: "zerotier-networks",
  type: "array",
  items: {
    type: "object",
    required: ["nwid", "status"],
    properties: {
      nwid: { type: "string" },
      status: { type: "string" },
      assignedAddresses: { type: "array", items: { type: "string" } },
    },
  },
} as const satisfies JSONSchema;
