import path from "node:path";
import t from "tap";
import { parseAllDocuments } from "yaml";
import { writeCorpus } from "../../lab/bench/corpus.ts";
import { listFiles, readSource } from "../../lib/lint/list-files.ts";
import { openCatalog } from "../../lib/schema/open-catalog.ts";
import { createQuickCheck, type RawSchema } from "../../lib/schema/quick-check.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { listValid } from "../support/fixtures.ts";
import { createRandom } from "../support/random.ts";

function check(schema: RawSchema, value: unknown, definitions: Record<string, RawSchema> = {}) {
  return createQuickCheck(schema, (ref) => definitions[ref] ?? {})(value);
}

t.test("each keyword that is known is judged", async (t) => {
  const cases: [RawSchema, good: unknown[], bad: unknown[]][] = [
    [{ type: "string" }, [""], [1, null, [], {}]],
    [{ type: ["integer", "string"] }, [1, "a", 2], [1.5, true]],
    [{ type: "number" }, [1.5, 1], ["1"]],
    [{ type: "null" }, [null], [0]],
    [{ enum: ["a", "b"] }, ["a"], ["c"]],
    [{ const: "a" }, ["a"], ["b"]],
    [{ pattern: "^a+$" }, ["aa", 1], ["b"]],
    [{ minLength: 1, maxLength: 2 }, ["a", "ab"], ["", "abc"]],
    [{ minimum: 0, maximum: 2 }, [0, 2, "9"], [-1, 3]],
    [{ items: { type: "string" } }, [["a"], []], [[1]]],
    [{ minItems: 1, maxItems: 2 }, [[1]], [[], [1, 2, 3]]],
    [{ required: ["a"] }, [{ a: 0 }], [{}]],
    [{ properties: { a: { type: "string" } } }, [{ a: "" }, { b: 1 }], [{ a: 1 }]],
    [{ properties: { a: {} }, additionalProperties: false }, [{ a: 1 }], [{ b: 1 }]],
    [{ additionalProperties: { type: "string" } }, [{ a: "" }], [{ a: 1 }]],
    [{ minProperties: 1, maxProperties: 1 }, [{ a: 1 }], [{}, { a: 1, b: 1 }]],
    [{ allOf: [{ type: "string" }, { minLength: 2 }] }, ["ab"], ["a", 1]],
  ];
  for (const [schema, good, bad] of cases) {
    for (const value of good) t.ok(check(schema, value), JSON.stringify([schema, value]));
    for (const value of bad) t.notOk(check(schema, value), JSON.stringify([schema, value]));
  }
  t.ok(check({ $ref: "one" }, "a", { one: { type: "string" } }));
  t.notOk(check({ $ref: "one" }, 1, { one: { type: "string" } }));
});

t.test("a keyword that is not known leaves it to a validator", async (t) => {
  for (const keyword of ["oneOf", "not", "format", "uniqueItems", "patternProperties"]) {
    t.notOk(check({ [keyword]: {} }, "a"), keyword);
    t.ok(check({ properties: { a: { [keyword]: {} } } }, { b: 1 }), `${keyword} elsewhere`);
  }
});

t.test("what it lets pass, a validator lets pass: objects changed at random", async (t) => {
  const folder = t.testdir({});
  writeCorpus(folder, 64);
  const corpus = listFiles(folder).files.flatMap((file) => {
    const source = readSource(folder, file);
    return "text" in source ? [source.text] : [];
  });
  const own = listFiles(path.join(repositoryRoot, "config/velero")).files.flatMap((file) => {
    const source = readSource(path.join(repositoryRoot, "config/velero"), file);
    return "text" in source ? [source.text] : [];
  });
  const fixtures = listValid("schema").map(({ text }) => text);
  const objects = [...corpus, ...own, ...fixtures].flatMap((text) =>
    parseAllDocuments(text).map((one) => one.toJS() as { apiVersion: string; kind: string }),
  );
  const catalog = openCatalog("1.36");
  const random = createRandom(20_261_128);
  const counts = { passed: 0, left: 0 };
  for (let round = 0; round < 4000; round += 1) {
    const value = structuredClone(objects[random.below(objects.length)]);
    if (value === undefined || typeof value !== "object") continue;
    mutate(value, random.below);
    const object = { ...value, value };
    if (!catalog.isSurelyValid(object)) {
      counts.left += 1;
      continue;
    }
    counts.passed += 1;
    const errors = await catalog.explain(object, () => ({ file: "x" }));
    if (errors.length > 0) t.fail(`${errors[0]?.message}: ${JSON.stringify(value)}`);
  }
  t.ok(counts.passed > 500, `${counts.passed} passed, ${counts.left} left to Ajv`);
  t.ok(counts.left > 500);
});

/** Changes one thing somewhere below a value. */
function mutate(value: object, below: (most: number) => number): void {
  let at: Record<string, unknown> = value as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(at);
    const key = keys[below(keys.length)] ?? "x";
    const child = at[key];
    if (typeof child === "object" && child !== null && below(4) > 0) {
      at = child as Record<string, unknown>;
      continue;
    }
    const news = ["", "a", "8080", 0, -1, 1.5, 1e9, true, null, [], {}, ["a"], { a: 1 }];
    switch (below(4)) {
      case 0:
        if (Array.isArray(at)) at.pop();
        else delete at[key];
        break;
      case 1:
        at[`${key}x`] = child;
        break;
      default:
        at[key] = news[below(news.length)];
    }
    return;
  }
}
