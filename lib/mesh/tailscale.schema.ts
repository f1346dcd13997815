import type { JSONSchema } from "json-schema-to-ts";

const text = { type: ["string", "null"] } as const;
const texts = { type: ["array", "null"], items: { type: "string" } } as const;

const peer = {
  type: ["object", "null"],
  properties: {
    HostName: text,
    DNSName: text,
    TailscaleIPs: texts,
    Tags: texts,
    CurAddr: { type: "string" },
    PeerRelay: { type: "string" },
    Online: { type: "boolean" },
    Active: { type: "boolean" },
    KeyExpiry: text,
  },
} as const satisfies JSONSchema;

/** The part of `tailscale status --json` that is read; Go writes an empty list as null. */
export const tailscaleSchema = {
  $id: "tailscale-status",
  type: "object",
  required: ["BackendState"],
  properties: {
    Version: { type: "string" },
    BackendState: { type: "string" },
    TailscaleIPs: texts,
    Self: peer,
    Health: texts,
    Peer: { type: ["object", "null"], additionalProperties: { ...peer, type: "object" } },
  },
} as const satisfies JSONSchema;
