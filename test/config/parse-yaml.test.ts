import t from "tap";
import { parseYaml, parseYamlDocuments } from "../../lib/config/parse-yaml.ts";

/** So many maps, one in the other. */
function nest(levels: number): string {
  return Array.from({ length: levels }, (_, level) => `${" ".repeat(level)}a:\n`).join("");
}

t.test("what is too deep for its readers is refused", async (t) => {
  const deep = [
    "[".repeat(20_000) + "]".repeat(20_000),
    "- ".repeat(20_000),
    "{a: ".repeat(5000) + "}".repeat(5000),
    nest(600),
  ];
  for (const text of deep) {
    const refused = { code: "FILE_TOO_DEEP", where: { file: "deep.yaml" } };
    await t.rejects(parseYaml(text, "deep.yaml"), refused, text.slice(0, 10));
    await t.rejects(parseYamlDocuments(text, "deep.yaml"), refused, text.slice(0, 10));
  }
  await t.resolves(parseYaml(nest(200), "deep.yaml"));
});

t.test("no warning quotes a text", async (t) => {
  const warned: string[] = [];
  const listen = ({ message }: Error) => warned.push(message);
  process.on("warning", listen);
  t.teardown(() => process.off("warning", listen));
  await t.rejects(parseYaml("password: {{ hunter22 }}\n", "vars.yml"), { code: "CONFIG_SYNTAX" });
  await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(warned, []);
});

t.test("the scalars without quotes, with the keys above them", async (t) => {
  const text = 'a: &x yes\nb: ["no", on, *x]\nc: {off: !!str y}\n? z\n: |\n  n\n';
  const { listPlainScalars } = await parseYaml(text, "test.yaml");
  const listed = listPlainScalars().map((scalar) => {
    t.equal(text.slice(scalar.offset, scalar.offset + scalar.text.length), scalar.text);
    return [scalar.text, scalar.isKey, scalar.under.join(".")];
  });
  t.strictSame(listed, [
    ["a", true, ""],
    ["yes", false, "a"],
    ["b", true, ""],
    ["on", false, "b"],
    ["c", true, ""],
    ["off", true, "c"],
    ["z", true, ""],
  ]);
});
