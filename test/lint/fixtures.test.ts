import { existsSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { rules } from "../../lib/lint/rules.ts";
import { listInvalid, listValid } from "../support/fixtures.ts";
import { createFixtureJudge } from "../support/lint-fixtures.ts";

const judgeText = await createFixtureJudge();
const folder = path.resolve(import.meta.dirname, "../fixtures");

t.test("the repository that the fixtures are put into has no mistake", async (t) => {
  t.strictSame(await judgeText("# file: README.md\n"), []);
});

/** What the rules for all YAML tell of a file, whichever rule its fixture belongs to. */
const tellers = new Map([
  ["CONFIG_SYNTAX", "syntax"],
  ["CONFIG_KEY_DUPLICATE", "duplicate-key"],
  ["CONFIG_ALIAS_INVALID", "alias"],
]);

/** What cannot be shown by the text of a file, or not by the files alone; they have tests of their own. */
const others = new Set(["file", "kustomization-builds", "ignore-list", "server"]);

for (const { id, codes } of rules.filter((rule) => !others.has(rule.id))) {
  t.test(id, async (t) => {
    const told = new Set<string>();
    for (const fixture of listInvalid(id)) {
      const findings = await judgeText(fixture.text, id);
      const found = findings.map(({ rule, code, where }) => ({
        rule,
        code,
        line: where.line,
        column: where.column,
      }));
      const { code, line, column } = fixture;
      // What a loader throws as one error, at the first mistake, are several findings.
      const actual = code === "CONFIG_INVALID" ? [{ ...found[0], code }] : found;
      t.strictSame(
        actual,
        [{ rule: tellers.get(code) ?? id, code, line, column }],
        `${id}/${fixture.name}`,
      );
      told.add(code);
      for (const { fix, message } of findings) t.ok(fix !== "" && message !== "", fixture.name);
    }
    t.strictSame(
      codes.filter((code) => !told.has(code)),
      [],
      "each code has a fixture",
    );
    if (!existsSync(path.join(folder, "valid", id))) return;
    for (const { name, text } of listValid(id)) {
      t.strictSame(await judgeText(text, id), [], `${id}/${name}`);
    }
  });
}
