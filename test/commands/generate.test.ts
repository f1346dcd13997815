import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { listCommands, renderGenerated } from "../../lib/commands/generate.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";

t.test("every script has a command, and every command its script", async (t) => {
  const scripts = globSync("scripts/**/*.ts", { cwd: repositoryRoot }).toSorted();
  const commands = (await listCommands()).map((command) => command.script).toSorted();
  t.strictSame(commands, scripts);
});

t.test("generated files are as npm run generate writes them", async (t) => {
  const files = await renderGenerated();
  for (const { file, text } of files) {
    t.equal(readFileSync(path.join(repositoryRoot, file), "utf8"), text, file);
  }
  const generated = ["docs/reference/**/*.md", "config/schemas/own/*.json"];
  const there = globSync(generated, { cwd: repositoryRoot }).toSorted();
  t.strictSame(files.map(({ file }) => file).toSorted(), there, "and there are no others");
});
