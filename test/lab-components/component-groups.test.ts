import { readdir } from "node:fs/promises";
import path from "node:path";
import t from "tap";
import { findFolder, readSources } from "../../lab/build-components.ts";
import { componentGroups } from "../../lab/component-groups.ts";
import { compareVersions } from "../../lab/go.ts";
import { findGoFloor, findModuleVersion, listNames, planGroup } from "../../lab/plan-components.ts";

const folder = path.resolve(import.meta.dirname, "../../lab/components");

t.test("every folder is a group and every group a folder", async (t) => {
  const groups = componentGroups.filter((one) => one.folder === undefined).map(({ name }) => name);
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  t.strictSame(folders.toSorted(), groups.toSorted());
});

t.test("no two programs have the same name", async (t) => {
  const names = componentGroups.flatMap(listNames);
  t.strictSame([...new Set(names)], names);
});

for (const group of componentGroups) {
  t.test(group.name, async (t) => {
    const sources = await readSources(findFolder(group));
    const goMod = sources["go.mod"] ?? "";
    t.ok(sources["go.sum"], "has a go.sum");
    const wanted = group.toolchain?.replace(/^go/, "") ?? "1.26.0";
    t.ok(compareVersions(findGoFloor(goMod), wanted) <= 0, "it is built with a Go that can");
    if (group.toolchain === undefined) t.equal(findGoFloor(goMod), wanted);

    const packages = group.programs.map((program) => program.package);
    const tools = [...goMod.matchAll(/^(?:tool |\t)([^\s(]+)$/gm)].map(([, name]) => `${name}`);
    t.strictSame(
      tools.toSorted(),
      packages.filter((name) => !name.startsWith(".")).toSorted(),
      "go.mod pins what is built",
    );

    for (const program of group.programs) {
      t.ok(findModuleVersion(goMod, program.module), `${program.module} is pinned`);
      const asked = Object.keys(program.answers).toSorted();
      t.strictSame(
        asked,
        [...(program.aliases ?? [program.file])].toSorted(),
        "every name is asked",
      );
    }
    t.doesNotThrow(() => planGroup(group, sources, { toolchain: { version: "go1.26.0" } }));
  });
}
