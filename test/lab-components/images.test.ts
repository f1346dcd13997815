import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { archiveRecipe } from "../../lab/images.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";

t.test("whatever makes an archive is in its key", async (t) => {
  const text = readFileSync(path.join(repositoryRoot, "lab/images.ts"), "utf8");
  const functions = [...text.matchAll(/^(?:export )?(?:async )?function (\w+)/gm)];
  t.ok(functions.length > 0);
  for (const [, name] of functions) t.match(archiveRecipe, `function ${name}(`);
  const constants = [...text.matchAll(/^const \w+ = "(.+)";$/gm)];
  t.ok(constants.length > 0);
  for (const [, value = ""] of constants) t.match(archiveRecipe, value);
});
