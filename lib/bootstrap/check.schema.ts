import type { FromSchema, JSONSchema } from "json-schema-to-ts";

const text = { type: "string" } as const;

export const checkSchema = {
  type: "object",
  additionalProperties: false,
  required: ["about", "check", "state", "says"],
  properties: {
    about: { ...text, description: "this machine, inventory, a host, or two hosts: a -> b" },
    check: { ...text, description: "what was looked at: sops, clock, disk" },
    state: { enum: ["ok", "finding", "note"], description: "a note needs nothing done" },
    says: text,
    code: { ...text, description: "of a finding, UPPER_SNAKE" },
    where: {
      type: "object",
      additionalProperties: false,
      required: ["file"],
      properties: { file: text, line: { type: "integer" }, column: { type: "integer" } },
    },
    why: text,
    fix: { ...text, description: "of a finding: what to do, a command line where there is one" },
  },
} as const satisfies JSONSchema;

const links = {
  type: "array",
  items: {
    type: "object",
    additionalProperties: false,
    required: ["from", "to"],
    properties: {
      from: text,
      to: text,
      rttMs: { type: "number", minimum: 0, description: "the mean of three; absent: not measured" },
      packetBytes: {
        enum: [0, 1280, 1500],
        description: "the largest of 1280 and 1500 bytes that passed whole; 0: neither",
      },
    },
  },
} as const;

/** The `result` of scripts/setup/doctor.ts --json. */
export const doctorReportSchema = {
  $id: "doctor-report",
  type: "object",
  additionalProperties: false,
  required: ["version", "findings", "checks", "links"],
  properties: {
    version: { const: 1 },
    findings: { type: "integer", minimum: 0, description: "how many of the checks are findings" },
    checks: { type: "array", items: checkSchema },
    links,
  },
} as const satisfies JSONSchema;

/** One thing that was looked at, and what came of it. */
export type Check = FromSchema<typeof checkSchema>;

/** The way between two hosts. */
export type Link = FromSchema<typeof links>[number];

export type DoctorReport = FromSchema<typeof doctorReportSchema>;
