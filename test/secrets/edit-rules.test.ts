import t from "tap";
import { addRecipient, removeRecipients } from "../../lib/secrets/edit-rules.ts";
import { renderRules } from "../../lib/secrets/render-rules.ts";
import { parseRules } from "../../lib/secrets/rules.ts";

const readers = { people: ["age1own", "age1recovery"], cluster: "age1cluster" };
const both = { beside: "age1cluster", added: "age1new" };
const name = ".sops.yaml";

async function list(text: string): Promise<string[][]> {
  return (await parseRules(text, name, "")).map(({ recipients }) => recipients);
}

t.test("a key beside another, and that one away: only their lines change", async (t) => {
  const text = await renderRules(readers);
  const added = await addRecipient(text, name, both);
  const people = ["age1own", "age1recovery"];
  t.strictSame(await list(added), [people, [...people, "age1cluster", "age1new"], people]);
  t.equal(added, text.replace("- age1cluster\n", "- age1cluster\n      - age1new\n"));
  t.equal(await addRecipient(added, name, both), added, "once");
  const removed = await removeRecipients(added, name, ["age1cluster"]);
  t.equal(removed, text.replace("age1cluster", "age1new"));
});

t.test("lists on a line, with commas, in groups, with comments", async (t) => {
  const text = `# mine
creation_rules:
    # for all
    - { path_regex: a,   age: [age1cluster, age1own] } # one
    - age: age1own, age1cluster,
    - key_groups:
        - age: [age1cluster]
        - age: [age1own]
`;
  const added = await addRecipient(text, name, both);
  t.strictSame(await list(added), [
    ["age1cluster", "age1new", "age1own"],
    ["age1own", "age1cluster", "age1new"],
    ["age1cluster", "age1new", "age1own"],
  ]);
  t.match(added, /^# mine\n.*# for all\n.*# one\n/s);
});

t.test("what has nothing to change is not even spelt anew", async (t) => {
  const text = "creation_rules:   [ { age:   [age1own] } ]\n";
  t.equal(await addRecipient(text, name, both), text);
  t.equal(await removeRecipients(text, name, ["age1cluster"]), text);
});

t.test("a list that rules share by way of an alias changes for all of them", async (t) => {
  const text = "creation_rules:\n  - age: &all [age1own, age1cluster]\n  - age: *all\n";
  t.strictSame(await list(await addRecipient(text, name, both)), [
    ["age1own", "age1cluster", "age1new"],
    ["age1own", "age1cluster", "age1new"],
  ]);
});

t.test("a list from outside of the rules is not touched, and told", async (t) => {
  const text =
    "own: &own { age: [age1cluster] }\ncreation_rules:\n  - { <<: *own, path_regex: a }\n";
  const refused = addRecipient(text, name, both);
  await t.rejects(refused, { code: "SECRETS_RULES_SHARED", where: { file: name } });
});
