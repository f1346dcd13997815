import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { loadVersions } from "../../lib/config/versions.ts";
import { getMinor, loadSources } from "../../lib/schema/sources.ts";
import { checkFixtures } from "../support/check-fixtures.ts";

await checkFixtures(t, "schema-sources", ({ file }) => loadSources(file));

t.test("sources agree with config/versions.yaml", async (t) => {
  const { kubernetes, crds } = await loadSources();
  const { k3s, velero } = await loadVersions();
  t.equal(crds["velero"]?.version, `v${velero.version}`);
  const minors = Object.keys(kubernetes);
  const pinned = getMinor({ kubernetes, crds }, k3s.version);
  t.ok(k3s.version.startsWith(`v${pinned}.`));
  t.throws(() => getMinor({ kubernetes, crds }, "v1.20.1+k3s1"), { code: "SCHEMAS_MINOR_MISSING" });
  t.strictSame(
    minors.toSorted((a, b) => Number(a.split(".")[1]) - Number(b.split(".")[1])),
    minors,
    "the oldest comes first",
  );
  for (const [minor, { version }] of Object.entries(kubernetes)) {
    t.match(version, `v${minor}.`, `${minor} is a version of its minor`);
  }
});

t.test("NOTICE names every module and the file its licence needs", async (t) => {
  const { kubernetes, crds } = await loadSources();
  const notice = readFileSync(path.join(repositoryRoot, "NOTICE"), "utf8");
  const mit = notice.indexOf("Under the MIT License");
  for (const { module, licence } of [...Object.values(kubernetes), ...Object.values(crds)]) {
    const place = notice.search(new RegExp(` ${module}$`, "m"));
    t.ok(place >= 0, module);
    t.equal(place > mit, licence === "MIT", `${module} stands under its licence`);
  }
});
