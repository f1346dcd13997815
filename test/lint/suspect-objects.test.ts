import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { parseYamlDocuments } from "../../lib/config/parse-yaml.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { loadVersions } from "../../lib/config/versions.ts";
import { closeRules } from "../../lib/lint/rule-sets/close.ts";
import { buildSettings } from "../../lib/lint/settings.ts";
import { isSuspect } from "../../lib/lint/suspect-objects.ts";
import { describeKind, listManifests, type Manifest } from "../../lib/manifests/manifest.ts";
import { openCatalog } from "../../lib/schema/open-catalog.ts";
import { createRandom, mutate } from "../support/mutate.ts";

const seed = 20261129;
const judgedTexts = 3000;

const folders = ["object-name", "object-spec", "dangling-reference", "schema", "image-unpinned"];
const texts = folders.flatMap((rule) =>
  ["valid", "invalid"].flatMap((sort) => {
    const folder = path.join(repositoryRoot, "test/fixtures", sort, rule);
    return readdirSync(folder).map((name) => readFileSync(path.join(folder, name), "utf8"));
  }),
);

t.test("what is not suspect has nothing that the close look finds", async (t) => {
  const settings = buildSettings(await loadVersions());
  const catalog = openCatalog(settings.minor);
  const random = createRandom(seed);
  const missed: string[] = [];
  let plain = 0;
  for (let number = 0; number < judgedTexts; number += 1) {
    const text = mutate(texts[random(texts.length)] ?? "", random);
    for (const manifest of await read(text)) {
      const kind = describeKind(manifest);
      if (isSuspect(manifest, kind) || !catalog.isSurelyValid(manifest)) continue;
      plain += 1;
      const those = closeRules.filter(({ kinds }) => kinds === undefined || kinds.includes(kind));
      const found = those.flatMap((rule) => rule.find(manifest, settings));
      if (found.length > 0) missed.push(`${found[0]?.message}\n${text}`);
    }
  }
  t.strictSame(missed.slice(0, 3), []);
  t.ok(plain > judgedTexts / 50, `${plain} objects of ${judgedTexts} texts are plain`);
});

async function read(text: string): Promise<Manifest[]> {
  try {
    const documents = await parseYamlDocuments(text, "app.yaml");
    return listManifests(
      "app.yaml",
      documents.map(({ value }) => value),
    );
  } catch {
    return [];
  }
}
