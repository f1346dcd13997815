import { writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { checkRule, getRule, loadRules, renderRules } from "../../lib/secrets/rules.ts";

const own = `age1${"q".repeat(58)}`;
const recovery = `age1${"z".repeat(58)}`;
const fit = "encrypted_regex: ^(data|stringData)$, mac_only_encrypted: true";

async function load(t: Test, text: string) {
  const folder = t.testdir({ ".sops.yaml": text });
  const rules = (await loadRules({ folder })) ?? [];
  const get = (file: string) => getRule(rules, { folder }, path.join(folder, file));
  return { rules, get };
}

t.test("what we write covers every *.sops.yaml for both keys, and nothing else", async (t) => {
  const { get } = await load(t, await renderRules([own, recovery]));
  for (const file of ["a.sops.yaml", "kubernetes/x/y.sops.yml", "config/escrow/a.sops.yaml"]) {
    checkRule(get(file), [own]);
    checkRule(get(file), [recovery]);
  }
  for (const file of [".sops.yaml", "a.yaml", "a.sops.yaml.bak", "asops.yaml"]) {
    t.throws(() => get(file), { code: "SECRETS_RULE_MISSING", fix: /path_regex/ }, file);
  }
  t.throws(() => checkRule(get("a.sops.yaml"), ["age1other"]), { code: "SECRETS_RULE_UNFIT" });
});

t.test("recipients are a list, a text with commas, or groups of keys", async (t) => {
  for (const age of [
    `age: [${own}, ${recovery}]`,
    `age: "${own}, ${recovery},"`,
    `key_groups: [{ age: [${own}, ${recovery}] }]`,
  ]) {
    const { rules } = await load(t, `creation_rules:\n  - { ${fit}, ${age} }\n`);
    t.strictSame(rules[0]?.recipients, [own, recovery], age);
  }
});

t.test("the first rule that matches counts, and one without a path matches all", async (t) => {
  const text = `creation_rules:\n  - { path_regex: ^a/, age: x }\n  - { age: y }\n  - { age: z }\n`;
  const { get } = await load(t, text);
  t.strictSame(get("a/b").recipients, ["x"]);
  t.strictSame(get("b/a/b").recipients, ["y"]);
});

t.test("one key twice is one key", async (t) => {
  const { rules } = await load(t, `creation_rules:\n  - { ${fit}, age: [${own}, ${own}] }\n`);
  for (const rule of rules)
    t.throws(() => checkRule(rule, [own]), { code: "SECRETS_RULE_UNFIT", why: /recipient/ });
});

t.test("without the file there are no rules", async (t) => {
  t.equal(await loadRules({ folder: t.testdir({}) }), undefined);
});

for (const [name, text] of [
  ["an empty file", ""],
  ["no list of rules", "creation_rules: {}\n"],
  ["an empty list", "creation_rules: []\n"],
  ["a rule that is a text", "creation_rules: [a]\n"],
  ["a path that is no regular expression", "creation_rules:\n  - path_regex: '('\n"],
] as const) {
  t.test(name, async (t) => {
    const folder = t.testdir({});
    writeFileSync(path.join(folder, ".sops.yaml"), text);
    await t.rejects(loadRules({ folder }), { code: "SECRETS_RULES_INVALID", exitCode: 2 });
  });
}
