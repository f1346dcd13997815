import t from "tap";
import { inlineReferences } from "../../lib/schema/inline-references.ts";
import type { Schema } from "../../lib/schema/json-schema.ts";
import { renderSchema, renderSorted } from "../../lib/schema/render-schema.ts";
import { shareSubtrees } from "../../lib/schema/share-subtrees.ts";

const big: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { name: { type: "string", pattern: "^[a-z]([-a-z0-9]*[a-z0-9])?$" } },
};

t.test("a subtree that is there twice is written once, and nothing is lost", async (t) => {
  const schema = {
    type: "object",
    properties: { a: big, b: { type: "array", items: big }, c: { type: "string" } },
  };
  const { $defs, ...shared } = shareSubtrees(schema);
  const names = Object.keys($defs as object);
  t.equal(names.length, 1);
  t.strictSame(shared.properties?.["a"], { $ref: `#/$defs/${names[0]}` });
  t.strictSame(inlineReferences(shared, $defs as Record<string, Schema>), schema);
});

t.test("names depend on what they stand for only", async (t) => {
  const one = shareSubtrees({ properties: { a: big, b: big } });
  const other = shareSubtrees({ properties: { x: { type: "array", items: big }, y: big } });
  t.strictSame(Object.keys(one["$defs"] as object), Object.keys(other["$defs"] as object));
});

t.test("what is small or there once is left where it is", async (t) => {
  const schema = { properties: { a: { type: "string" }, b: { type: "string" }, c: big } };
  t.strictSame(shareSubtrees(schema), schema);
});

t.test("a name that is not there is a defect", async (t) => {
  t.throws(() => inlineReferences({ $ref: "#/$defs/x" }, {}), /no definition x/);
});

t.test("a schema is rendered with sorted keys, and a line for each definition", async (t) => {
  t.equal(renderSorted({ b: [{ d: 1, c: 2 }], a: null }), '{"a":null,"b":[{"c":2,"d":1}]}');
  t.equal(
    renderSchema({ type: "object", $defs: { b: { type: "string" }, a: {} } }),
    `{
"$schema":"http://json-schema.org/draft-07/schema#",
"type":"object",
"$defs":{
"a":{},
"b":{"type":"string"}
}
}
`,
  );
});
