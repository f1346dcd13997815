import type { FromSchema, JSONSchema } from "json-schema-to-ts";

const label = "[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?";

/** config/dns/records.yaml: the records that tofu owns; those of apps belong to external-dns. */
export const recordsSchema = {
  $id: "dns-records",
  type: "object",
  additionalProperties: false,
  required: ["zone", "records"],
  properties: {
    zone: {
      type: "string",
      pattern: `^(${label}\\.)+${label}\\.?$`,
      description: "the domain that the records are in, such as example.com",
    },
    records: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name", "type"],
        properties: {
          name: {
            type: "string",
            pattern: `^(\\*\\.)?(${label}\\.)+${label}\\.?$`,
            description: "the whole name, the zone's in it, such as status.example.com",
          },
          type: {
            enum: ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"],
            description: "the kind of record",
          },
          content: {
            type: "string",
            minLength: 1,
            description: "an address, a name or a text, as its type wants it",
          },
          node: {
            type: "string",
            minLength: 1,
            description: "a host of the inventory whose address it is, instead of content",
          },
          ttl: {
            type: "integer",
            minimum: 1,
            maximum: 86400,
            description: "seconds that a resolver keeps it; 1 leaves it to Cloudflare",
          },
          proxied: {
            type: "boolean",
            description: "whether Cloudflare answers in its place",
          },
          priority: {
            type: "integer",
            minimum: 0,
            maximum: 65535,
            description: "of a mail server or service; the lowest goes first",
          },
        },
      },
    },
  },
} as const satisfies JSONSchema;

export type DnsRecords = FromSchema<typeof recordsSchema>;
export type DnsRecord = DnsRecords["records"][number];

/** Where the static records are declared. */
export const recordsFile = "config/dns/records.yaml";
