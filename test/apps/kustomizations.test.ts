import t from "tap";
import { addResource, keepFiles } from "../../lib/apps/kustomizations.ts";

const head = "# What is on.\nkind: Kustomization\n";
const add = async (text: string) => addResource(text, "shop/application.yaml", "list.yaml");

t.test("a resource is listed, and the rest stays as it is", async (t) => {
  const added = `${head}resources:\n  - shop/application.yaml\ncomponents:\n  - ../repository # kept\n`;
  const empty = added.replace("resources:\n  - shop/application.yaml", "resources: []");
  t.equal(await add(empty), added);
  t.equal(await add(added), added, "once");
  t.equal(
    await add(`${head}resources:\n  # First.\n  - mail # last\n`),
    `${head}resources:\n  # First.\n  - mail # last\n  - shop/application.yaml\n`,
  );
  t.equal(await add(head), `${head}resources:\n  - shop/application.yaml\n`);
  await t.rejects(add(`${head}resources: [`), { code: "CONFIG_SYNTAX" });
});

t.test("what is not there is not listed", async (t) => {
  const text = `${head}resources:\n  - a.yaml\n  - b.yaml # kept\ngenerators:\n  - c.yaml\n`;
  t.equal(
    await keepFiles(text, (file) => file === "b.yaml", "list.yaml"),
    `${head}resources:\n  - b.yaml # kept\n`,
  );
});
