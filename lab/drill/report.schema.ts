import type { JSONSchema } from "json-schema-to-ts";

const text = { type: "string" } as const;
const number = { type: "number" } as const;
const count = { type: "integer", minimum: 0 } as const;
const flag = { type: "boolean" } as const;

const checks = {
  type: "array",
  items: {
    type: "object",
    additionalProperties: false,
    required: ["id", "title", "passed", "measured", "wanted"],
    properties: { id: text, title: text, passed: flag, measured: text, wanted: text },
  },
} as const;

/** reports/drill-<time>.json: times in seconds, sizes in bytes, moments in RFC 3339. */
export const drillReportSchema = {
  $id: "drill-report",
  type: "object",
  additionalProperties: false,
  required: [
    "version",
    "startedAt",
    "passed",
    "machine",
    "versions",
    "real",
    "standIns",
    "isWarm",
    "phases",
    "failover",
    "recovery",
    "volumes",
    "names",
    "uploads",
    "checks",
    "limits",
    "wasFastEnough",
  ],
  properties: {
    version: { const: 1 },
    startedAt: text,
    passed: { ...flag, description: "whether every check has passed" },
    wasFastEnough: { ...flag, description: "whether every limit of time was kept" },
    machine: {
      type: "object",
      additionalProperties: false,
      required: ["cores", "memoryBytes", "kernel", "architecture"],
      properties: { cores: count, memoryBytes: count, kernel: text, architecture: text },
    },
    versions: { type: "object", additionalProperties: text },
    real: { type: "array", items: text, description: "what was real in this drill" },
    standIns: { type: "array", items: text, description: "what only stood in for something" },
    isWarm: { ...flag, description: "whether nothing had to be built or downloaded first" },
    phases: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name", "seconds"],
        properties: { name: text, seconds: number },
      },
    },
    failover: {
      type: "object",
      additionalProperties: false,
      required: ["source", "target", "exitCode", "timeline"],
      properties: {
        source: text,
        target: text,
        runId: text,
        exitCode: { type: "integer" },
        timeline: {
          type: "array",
          description: "the steps, counted from the kill",
          items: {
            type: "object",
            additionalProperties: false,
            required: ["id", "title", "state", "from", "seconds"],
            properties: { id: text, title: text, state: text, from: number, seconds: number },
          },
        },
      },
    },
    recovery: {
      type: "object",
      additionalProperties: false,
      required: ["killedAt", "killToReport", "whole"],
      properties: {
        killedAt: text,
        killToReady: number,
        killToReport: number,
        startToReady: number,
        proofToReady: number,
        cutOverToReady: {
          ...number,
          description: "from the later one of proof and last restore",
        },
        databaseStart: number,
        whole: { ...number, description: "of the drill, without taking the lab down" },
      },
    },
    volumes: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["claim", "state", "how", "recoveryPoint", "announcedLoss"],
        properties: {
          claim: text,
          state: text,
          how: { enum: ["restored", "rebuilt"] },
          recoveryPoint: text,
          announcedLoss: {
            ...number,
            description: "from the recovery point to the last heartbeat of the host",
          },
          bytes: count,
          files: count,
          seconds: { ...number, description: "from the pod's making to the verified folder" },
          bytesPerSecond: number,
          kopia: {
            type: "object",
            description: "kopia's own restore of the same snapshot on the same node",
            additionalProperties: false,
            required: ["runs", "median"],
            properties: {
              runs: { type: "array", items: number },
              median: number,
              bytesPerSecond: number,
            },
          },
          ratio: number,
        },
      },
    },
    names: {
      type: "array",
      description: "when each name stopped to lead to the dead host",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name", "addresses"],
        properties: {
          name: text,
          killToAnswer: number,
          cutOverToAnswer: number,
          addresses: { type: "array", items: text },
        },
      },
    },
    uploads: {
      type: "object",
      description: "bytes that each backup has sent to the bucket",
      additionalProperties: false,
      required: ["first", "second"],
      properties: { first: count, second: count },
    },
    checks,
    limits: checks,
  },
} as const satisfies JSONSchema;
