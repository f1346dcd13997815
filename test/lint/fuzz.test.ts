import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import t from "tap";
import { parseYamlDocuments } from "../../lib/config/parse-yaml.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { loadVersions } from "../../lib/config/versions.ts";
import { judge } from "../../lib/lint/judge.ts";
import { rules } from "../../lib/lint/rules.ts";
import { buildSettings } from "../../lib/lint/settings.ts";
import { readPlain } from "../../lib/manifests/read-plain.ts";
import { openCatalog } from "../../lib/schema/open-catalog.ts";
import { createRandom, mutate } from "../support/mutate.ts";

const seed = 20261128;
const judgedFiles = 5000;
const readTexts = 10_000;
/** What is wrong with a text does not hang on its length, and the time does. */
const longest = 1500;
/** Far more than any of them needs, in a process that shares its processor with others. */
const mostMilliseconds = 5000;

function listTexts(folder: string): { file: string; text: string }[] {
  return readdirSync(path.join(repositoryRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => path.relative(repositoryRoot, path.join(entry.parentPath, entry.name)))
    .toSorted()
    .map((file) => ({ file, text: readFileSync(path.join(repositoryRoot, file), "utf8") }))
    .filter(({ text }) => text.length < longest);
}

const fixtures = listTexts("test/fixtures");
const ours = ["config", "lab/apps", "ansible"].flatMap((folder) => listTexts(folder));

/** Where a file may lie: what it is judged as hangs on it. */
const places = [
  "kubernetes/apps/shop/app.yaml",
  "kubernetes/apps/shop/app.yaml",
  "kubernetes/apps/shop/kustomization.yaml",
  "kubernetes/apps/shop/login.sops.yaml",
  "kubernetes/apps/shop/app.json",
  ".sops.yaml",
  "ansible/playbooks/site.yml",
  "config/dr/policy.yaml",
  "config/versions.yaml",
  "config/lint-ignore.yaml",
  ".github/workflows/ci.yaml",
  "docs/page.md",
];

t.test("no text makes the judge fail or hang", async (t) => {
  const settings = buildSettings(await loadVersions());
  const catalog = openCatalog(settings.minor);
  const random = createRandom(seed);
  const escaped: string[] = [];
  let slowest = 0;
  let found = 0;
  for (let number = 0; number < judgedFiles; number += 1) {
    const isOurs = random(4) === 0;
    const from = isOurs ? ours[random(ours.length)] : fixtures[random(fixtures.length)];
    if (from === undefined) throw new Error("there is nothing to mutate");
    const text = mutate(from.text, random);
    const file = isOurs && random(2) === 0 ? from.file : (places[random(places.length)] ?? "");
    const start = performance.now();
    try {
      const { findings } = await judge([{ file, text }], { rules, catalog, settings });
      found += findings.length;
    } catch (error) {
      escaped.push(`${number} ${file} from ${from.file}: ${(error as Error).stack}`);
    }
    slowest = Math.max(slowest, performance.now() - start);
  }
  t.strictSame(escaped.slice(0, 5), []);
  t.ok(slowest < mostMilliseconds, `the slowest took ${Math.round(slowest)} ms`);
  t.ok(found > judgedFiles / 2, `${found} findings in ${judgedFiles} files`);
});

t.test("the fast reader reads what the real one reads, or nothing", async (t) => {
  const random = createRandom(seed + 1);
  const texts = [...fixtures, ...ours].filter(({ text }) => readPlain(text) !== undefined);
  const differ: string[] = [];
  let accepted = 0;
  for (let number = 0; number < readTexts; number += 1) {
    const text = mutate(texts[random(texts.length)]?.text ?? "", random);
    const plain = readPlain(text);
    if (plain === undefined) continue;
    accepted += 1;
    if (!(await isSame(plain, text))) differ.push(text);
  }
  t.strictSame(differ.slice(0, 3), []);
  t.ok(accepted > readTexts / 10, `${accepted} of ${readTexts} texts are plain`);
});

async function isSame(plain: unknown[], text: string): Promise<boolean> {
  try {
    const documents = await parseYamlDocuments(text, "app.yaml");
    return isDeepStrictEqual(
      plain,
      documents.map(({ value }) => value),
    );
  } catch {
    return false;
  }
}
