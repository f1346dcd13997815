import t from "tap";
import { loadVersions } from "../../lib/config/versions.ts";
import { judge } from "../../lib/lint/judge.ts";
import { commonRules, loadCloseRules, loadRules } from "../../lib/lint/rule-sets.ts";
import { buildSettings } from "../../lib/lint/settings.ts";
import { openCatalog } from "../../lib/schema/open-catalog.ts";

t.test("10,000 files are judged", async (t) => {
  const settings = buildSettings(await loadVersions());
  const sources = Array.from({ length: 10_000 }, (_, number) => ({
    file: `apps/${number}.yaml`,
    text: `apiVersion: v1
kind: ConfigMap
metadata:
  name: web-${number}
  namespace: shop
data:
  NUMBER: "${number}"
`,
  }));
  const catalog = openCatalog(settings.minor);
  const { findings, counts } = await judge(sources, {
    rules: commonRules,
    loadRules,
    loadCloseRules,
    catalog,
    settings,
  });
  t.strictSame(findings, []);
  t.match(counts, { files: 10_000, objects: 10_000 });
});
