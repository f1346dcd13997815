import t from "tap";
import { getValidator } from "../../lib/schema/ajv.ts";
import { explainErrors } from "../../lib/schema/explain.ts";
import { parseYaml } from "../../lib/config/parse-yaml.ts";
import type { JSONSchema } from "json-schema-to-ts";

const schema = {
  type: "object",
  additionalProperties: false,
  required: ["name"],
  properties: {
    name: { type: "string", description: "what it is called" },
    on: { type: "boolean" },
    list: { type: "array", items: { type: "object", additionalProperties: false } },
    color: { enum: ["red", "green"] },
    password: { type: "string", writeOnly: true, minLength: 20 },
  },
} as const satisfies JSONSchema;

async function explain(text: string): Promise<string[]> {
  const { value, locate } = await parseYaml(text, "x.yaml");
  const validate = await getValidator(schema);
  if (validate(value)) return [];
  return explainErrors(validate.errors ?? [], locate).map(
    ({ where, message, fix }) => `${where?.line}:${where?.column} ${message} | ${fix}`,
  );
}

t.test("one mistake is told once, at its place, with the way out", async (t) => {
  t.strictSame(await explain("name: a\n"), []);
  t.strictSame(await explain("nam: a\n"), ['1:1 unknown key "nam" | Did you mean "name"?']);
  t.strictSame(await explain("on: true\n"), [
    '1:1 the file has no "name" | Add "name": what it is called',
  ]);
  t.strictSame(await explain("name: 7\n"), [
    "1:7 name is a number and has to be string | Put it in quotes",
  ]);
  t.strictSame(await explain("name: a\non: yes\n"), [
    "2:5 on is a string and has to be boolean | Write true or false",
  ]);
  t.strictSame(await explain("name:\n"), ["1:1 name is empty | Write what it is called"]);
  t.strictSame(await explain("name: a\ncolor: geen\n"), [
    '2:8 color is "geen", which has to be one of: red, green | Did you mean "green"?',
  ]);
});

t.test("a place deep in a list is found, and one behind an alias", async (t) => {
  t.strictSame(await explain("name: a\nlist:\n  - {}\n  - x/y~z: 1\n"), [
    '4:5 unknown key "x/y~z" in list.1 | Remove it',
  ]);
  t.strictSame(await explain("name: a\nlist:\n  - &one {}\n  - *one\n  - 5\n"), [
    "5:5 list.2 is a number and has to be map | Correct the value",
  ]);
});

t.test("several mistakes come in the order of the file", async (t) => {
  const lines = await explain("on: 1\ncolor: blue\nname: b\nextra: 1\n");
  t.strictSame(
    lines.map((line) => line.split(" ")[0]),
    ["1:5", "2:8", "4:1"],
  );
});

t.test("a secret is never quoted", async (t) => {
  t.strictSame(await explain("name: a\npassword: hunter22\n"), [
    "2:11 password must NOT have fewer than 20 characters | Correct the value",
  ]);
});
