import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { loadVersions } from "../../lib/config/versions.ts";
import { judge } from "../../lib/lint/judge.ts";
import type { Finding } from "../../lib/lint/rule.ts";
import { commonRules, loadCloseRules, loadRules } from "../../lib/lint/rule-sets.ts";
import { buildSettings } from "../../lib/lint/settings.ts";
import { withBroughtKinds } from "../../lib/lint/with-brought-kinds.ts";
import { openCatalog } from "../../lib/schema/open-catalog.ts";
import type { SourceFile } from "../../lib/lint/list-files.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";

/** Where a fixture is when it does not say so: by its rule, and for all others. */
const usualFiles = new Map([
  ["inventory", "ansible/inventory/hosts.yml"],
  ["variables", "ansible/inventory/group_vars/k3s_cluster/main.yml"],
]);
const usualFile = "kubernetes/apps/shop/app.yaml";
const baseFolder = path.join(repositoryRoot, "test/fixtures/repository");

/** The small repository without mistakes that every fixture is put into; its settings are ours. */
export function readBase(): SourceFile[] {
  const shared = ["config/versions.yaml", ...listBelow(repositoryRoot, "config/velero")];
  return [
    ...listBelow(baseFolder, ".").map((file) => readIn(baseFolder, file)),
    ...shared.map((file) => readIn(repositoryRoot, file)),
  ];
}

/** Judges the text of a rule's fixture by all rules, placed into the base. */
export async function createFixtureJudge(): Promise<
  (text: string, rule?: string) => Promise<Finding[]>
> {
  const settings = buildSettings(await loadVersions());
  const judging = { rules: commonRules, loadRules, loadCloseRules, settings };
  const catalog = openCatalog(settings.minor);
  const base = readBase();
  return async (text, rule) => {
    const sources = placeFixture(base, text, rule);
    const all = { ...judging, catalog: withBroughtKinds(catalog, sources) };
    return (await judge(sources, all)).findings;
  };
}

function listBelow(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

/**
 * The base with the files of a fixture: a line `# file: PATH` begins one, and without such a line all
 * of it is one file. Each keeps the line numbers of the fixture.
 */
export function placeFixture(base: readonly SourceFile[], text: string, rule = ""): SourceFile[] {
  const files = new Map(base.map(({ file, text: content }) => [file, content]));
  for (const [file, content] of splitFixture(text, usualFiles.get(rule) ?? usualFile))
    files.set(file, content);
  return [...files].map(([file, content]) => ({ file, text: content }));
}

function splitFixture(text: string, usual: string): Map<string, string> {
  if (!/^# file: /m.test(text)) return new Map([[usual, text]]);
  const parts = new Map<string, string>();
  let before = 0;
  for (const part of text.split(/^(?=# file: )/m)) {
    const [, file] = /^# file: (\S+)\n/.exec(part) ?? [];
    if (file !== undefined) parts.set(file, "\n".repeat(before) + part);
    before += part.split("\n").length - 1;
  }
  return parts;
}

function readIn(root: string, file: string): SourceFile {
  return { file, text: readFileSync(path.join(root, file), "utf8") };
}
