import t from "tap";
import { judge } from "../../lib/lint/judge.ts";
import type { Repository } from "../../lib/lint/rule.ts";
import { nameRules } from "../../lib/lint/rule-sets/names.ts";
import { buildSettings } from "../../lib/lint/settings.ts";
import { hasSuspectNames } from "../../lib/lint/suspect-names.ts";
import { loadVersions } from "../../lib/config/versions.ts";
import { openCatalog } from "../../lib/schema/open-catalog.ts";
import { createRandom } from "../support/mutate.ts";

const seed = 20261129;
const settings = buildSettings(await loadVersions());

const kinds = [
  ["v1", "Namespace"],
  ["v1", "ConfigMap"],
  ["v1", "Service"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  ["example.org/v1", "Unknown"],
] as const;
const names = ["shop", "mail"];
const namespaces = [undefined, "shop", "mail", "default"];
const files = ["kubernetes/a.yaml", "kubernetes/shop/b.yaml", "overlays/one/c.yaml", "d.yaml"];

t.test("where no name is suspect, the rules about names find nothing", async (t) => {
  const random = createRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  const missed: string[] = [];
  let plain = 0;
  for (let number = 0; number < 3000; number += 1) {
    const texts = new Map<string, string>();
    for (let object = random(4); object >= 0; object -= 1) {
      const [apiVersion, kind] = pick(kinds);
      const namespace = pick(namespaces);
      const line = namespace === undefined ? "" : `  namespace: ${namespace}\n`;
      const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${pick(names)}\n${line}`;
      const file = pick(files);
      texts.set(file, texts.has(file) ? `${texts.get(file)}---\n${text}` : text);
    }
    let seen: Repository | undefined;
    const { findings } = await judge(
      [...texts].map(([file, text]) => ({ file, text })),
      {
        rules: [],
        loadRules: async (repository) => {
          seen = repository;
          return nameRules;
        },
        catalog: openCatalog(settings.minor),
        settings,
      },
    );
    if (seen === undefined || hasSuspectNames(seen)) continue;
    plain += 1;
    const found = findings.filter(({ rule }) => nameRules.some(({ id }) => id === rule));
    if (found.length > 0) missed.push(`${found[0]?.message}\n${[...texts].join("\n")}`);
  }
  t.strictSame(missed.slice(0, 3), []);
  t.ok(plain > 100, `${plain} folders are plain`);
});
