import path from "node:path";
import t from "tap";
import { loadYaml } from "../../lib/config/load-yaml.ts";
import { showPath } from "../../lib/config/paths.ts";
import { policySchema } from "../../lib/config/policy.schema.ts";

t.test("a missing file says how to get it", async (t) => {
  const file = path.join(t.testdir({}), "no.yaml");
  await t.rejects(loadYaml(file, policySchema, "Run this"), {
    code: "CONFIG_FILE_MISSING",
    fix: "Run this",
    where: { file: showPath(file) },
  });
});

t.test("a folder is no file", async (t) => {
  await t.rejects(loadYaml(t.testdir({}), policySchema), { code: "CONFIG_FILE_UNREADABLE" });
});

t.test("aliases that grow without bounds are refused", async (t) => {
  const lines = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i += 1) {
    const before = String.fromCharCode(96 + i);
    const now = String.fromCharCode(97 + i);
    lines.push(`${now}: &${now} [${Array(9).fill(`*${before}`).join(", ")}]`);
  }
  const folder = t.testdir({ "bomb.yaml": lines.join("\n") });
  await t.rejects(loadYaml(path.join(folder, "bomb.yaml"), policySchema), {
    code: "CONFIG_ALIAS_INVALID",
  });
});

t.test("several mistakes are told at once", async (t) => {
  const folder = t.testdir({ "two.yaml": "freeSpaceFactor: much\nrestoreConcurency: 4\n" });
  await t.rejects(loadYaml(path.join(folder, "two.yaml"), policySchema), {
    code: "CONFIG_INVALID",
    message: /two\.yaml has 2 mistakes$/,
    why: /^1:18 freeSpaceFactor is a string.*\n2:1 unknown key "restoreConcurency" \(Did you mean "restoreConcurrency"\?\)$/,
  });
});
