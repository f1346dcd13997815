import t from "tap";
import { convertCrd, convertValue } from "../../lib/schema/convert-crd.ts";
import type { Schema } from "../../lib/schema/json-schema.ts";

t.test("an object is closed unless it is declared open", async (t) => {
  const properties = { a: { type: "string", description: "prose" } };
  const closed = { type: "object", properties: { a: { type: "string" } } };
  t.strictSame(convertValue({ type: "object", properties, title: "prose" }), {
    ...closed,
    additionalProperties: false,
  });
  t.strictSame(convertValue({ type: "object" }), { type: "object", additionalProperties: false });
  t.strictSame(
    convertValue({ type: "object", properties, "x-kubernetes-preserve-unknown-fields": true }),
    closed,
    "what it declares is judged all the same",
  );
  t.strictSame(convertValue({ type: "object", additionalProperties: { type: "object" } }), {
    type: "object",
    additionalProperties: { type: "object", additionalProperties: false },
  });
  t.strictSame(convertValue({ "x-kubernetes-preserve-unknown-fields": true }), {}, "anything");
});

t.test("an embedded object has what every object has", async (t) => {
  t.strictSame(
    convertValue({
      type: "object",
      properties: { kind: { enum: ["Pod"] } },
      "x-kubernetes-embedded-resource": true,
    }),
    {
      type: "object",
      additionalProperties: false,
      properties: {
        apiVersion: { type: "string" },
        kind: { enum: ["Pod"] },
        metadata: { type: "object" },
      },
      required: ["apiVersion", "kind"],
    },
  );
});

t.test("an integer or string is one type, and null is taken where the CRD says so", async (t) => {
  const both = {
    "x-kubernetes-int-or-string": true,
    anyOf: [{ type: "integer" }, { type: "string" }],
    pattern: "^1",
  };
  t.strictSame(convertValue(both), { type: ["integer", "string"], pattern: "^1" });
  t.strictSame(convertValue({ ...both, nullable: true }).type, ["integer", "string", "null"]);
  t.strictSame(convertValue({ type: "string", nullable: true }), { type: ["string", "null"] });
  t.strictSame(convertValue({ type: "object", nullable: true }), {
    type: ["object", "null"],
    additionalProperties: false,
  });
});

t.test("conditions are not closed: what they look at is declared elsewhere", async (t) => {
  const properties = { a: { type: "string" }, b: { type: "integer", format: "int64" } };
  const conditions = {
    oneOf: [{ required: ["a"] }, { required: ["b"], properties: { b: { minimum: 1 } } }],
    not: { properties: { a: { format: "ipv4", description: "prose" } } },
  };
  t.strictSame(convertValue({ type: "object", properties, ...conditions }), {
    type: "object",
    properties: { a: { type: "string" }, b: { type: "integer" } },
    additionalProperties: false,
    oneOf: conditions.oneOf,
    not: { properties: { a: { format: "ipv4" } } },
  });
});

t.test("what has a default may be left out, and no condition looks at it", async (t) => {
  const schema: Schema = {
    type: "object",
    required: ["type"],
    properties: {
      type: { type: "string", default: "A" },
      inner: { type: "object", properties: { mode: { type: "string", default: "B" } } },
    },
  };
  const looks = [
    { oneOf: [{ properties: { type: { enum: ["A"] } } }, { required: ["value"] }] },
    { not: { required: ["type"] } },
    { allOf: [{ anyOf: [{ required: ["type"] }] }] },
    { anyOf: [{ properties: { inner: { properties: { mode: { enum: ["B"] } } } } }] },
  ];
  for (const condition of looks) {
    const { properties: _properties, ...rest } = convertValue({ ...schema, ...condition });
    t.strictSame(rest, { type: "object", additionalProperties: false }, JSON.stringify(condition));
  }
  const other = { anyOf: [{ required: ["inner"] }] };
  t.strictSame(convertValue({ ...schema, ...other }).anyOf, other.anyOf);
});

t.test("exclusive bounds are numbers in JSON Schema", async (t) => {
  t.strictSame(convertValue({ type: "number", minimum: 0, exclusiveMinimum: true, maximum: 9 }), {
    type: "number",
    exclusiveMinimum: 0,
    maximum: 9,
  });
});

t.test("each version that is served is a kind, with metadata and fixed names", async (t) => {
  const schema = {
    openAPIV3Schema: {
      type: "object",
      required: ["spec"],
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { type: "object" },
        spec: { type: "string", "x-kubernetes-validations": [{}, {}] },
      },
    },
  };
  const kinds = convertCrd(
    {
      kind: "CustomResourceDefinition",
      spec: {
        group: "example.com",
        names: { kind: "Thing" },
        scope: "Cluster",
        versions: [
          { name: "v1", served: true, schema },
          { name: "v1beta1", served: false, schema },
        ],
      },
    },
    { type: "object", properties: { name: { type: "string" } } },
  );
  t.strictSame(kinds, [
    {
      group: "example.com",
      version: "v1",
      kind: "Thing",
      namespaced: false,
      cel: 2,
      schema: {
        type: "object",
        additionalProperties: false,
        required: ["apiVersion", "kind", "spec"],
        properties: {
          apiVersion: { const: "example.com/v1" },
          kind: { const: "Thing" },
          metadata: { type: "object", properties: { name: { type: "string" } } },
          spec: { type: "string" },
        },
      },
    },
  ]);
});
