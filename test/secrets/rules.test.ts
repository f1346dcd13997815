import { writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { findReaderFault } from "../../lib/secrets/check-readers.ts";
import { renderRules } from "../../lib/secrets/render-rules.ts";
import { checkRule, getRule, loadRules } from "../../lib/secrets/rules.ts";

const own = `age1${"q".repeat(58)}`;
const recovery = `age1${"z".repeat(58)}`;
const cluster = `age1${"x".repeat(58)}`;
const fit = "encrypted_regex: ^(data|stringData)$, mac_only_encrypted: true";

async function load(t: Test, text: string) {
  const folder = t.testdir({ ".sops.yaml": text });
  const rules = (await loadRules({ folder })) ?? [];
  const get = (file: string) => getRule(rules, { folder }, path.join(folder, file));
  return { rules, get };
}

t.test("what we write covers every *.sops.yaml for both people, and nothing else", async (t) => {
  const { get } = await load(t, await renderRules({ people: [own, recovery], cluster }));
  for (const file of ["a.sops.yaml", "kubernetes/x/y.sops.yml", "config/escrow/a.sops.yaml"]) {
    checkRule(get(file), [own]);
    checkRule(get(file), [recovery]);
  }
  for (const file of [".sops.yaml", "a.yaml", "a.sops.yaml.bak", "asops.yaml"]) {
    t.throws(() => get(file), { code: "SECRETS_RULE_MISSING", fix: /path_regex/ }, file);
  }
  t.throws(() => checkRule(get("a.sops.yaml"), ["age1other"]), { code: "SECRETS_RULE_UNFIT" });
});

t.test("the cluster reads what is below kubernetes/, without its own key", async (t) => {
  const { get } = await load(t, await renderRules({ people: [own, recovery], cluster }));
  const people = [own, recovery];
  for (const [file, readers] of [
    ["kubernetes/a.sops.yaml", [...people, cluster]],
    ["kubernetes/apps/shop/a.sops.yml", [...people, cluster]],
    ["kubernetes/bootstrap/argocd/other.sops.yaml", [...people, cluster]],
    ["kubernetes/bootstrap/argocd/age-key.sops.yaml", people],
    ["config/escrow/server-token.sops.yaml", people],
    ["config/kubernetes/a.sops.yaml", people],
  ] as const) {
    t.strictSame(get(file).recipients, readers, file);
  }
});

t.test("a rule for all keeps the cluster out, and the fix has rules that do not", async (t) => {
  const list = `age: [${own}, ${recovery}]`;
  const { rules } = await load(t, `creation_rules:\n  - { ${fit}, ${list} }\n`);
  const [rule] = rules;
  if (rule === undefined) throw new Error("there is a rule");
  const find = (file: string) => findReaderFault(rule, file, { folder: "", recipient: cluster });
  t.equal(find("config/escrow/a.sops.yaml"), undefined);
  const fault = find("kubernetes/a.sops.yaml");
  t.match(fault, { code: "SECRETS_CLUSTER_CANNOT_READ", fix: /sops updatekeys/ });
  const lines = fault?.fix?.split("\n").slice(1).join("\n  ") ?? "";
  const { get } = await load(t, `creation_rules:\n  ${lines}\n  - { ${fit}, ${list} }\n`);
  t.strictSame(get("kubernetes/a.sops.yaml").recipients, [own, recovery, cluster]);
  t.strictSame(get("kubernetes/bootstrap/argocd/age-key.sops.yaml").recipients, [own, recovery]);
});

t.test("a rule for the cluster takes nothing that is for people", async (t) => {
  const list = `age: [${own}, ${recovery}, ${cluster}]`;
  const { rules } = await load(t, `creation_rules:\n  - { ${fit}, ${list} }\n`);
  const [rule] = rules;
  if (rule === undefined) throw new Error("there is a rule");
  const find = (file: string) => findReaderFault(rule, file, { folder: "", recipient: cluster });
  t.equal(find("kubernetes/a.sops.yaml"), undefined);
  for (const file of ["kubernetes/bootstrap/argocd/age-key.sops.yaml", "config/a.sops.yaml"]) {
    t.match(find(file), { code: "SECRETS_CLUSTER_CAN_READ", fix: /^Take that key out/ }, file);
  }
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
