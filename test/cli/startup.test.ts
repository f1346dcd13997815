import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";

const recorder = path.join(repositoryRoot, "test/support/record-modules.ts");
const zx = path.join(repositoryRoot, "node_modules/zx/build/cli.js");
const record = path.join(t.testdir({}), "modules");

/** What a program loads, and how it ended. */
function load(args: string[]): { exitCode: number | null; modules: string[] } {
  rmSync(record, { force: true });
  const { status } = spawnSync(process.execPath, ["--import", recorder, ...args], {
    cwd: repositoryRoot,
    env: { ...process.env, RECORD_MODULES: record },
  });
  const modules = existsSync(record) ? readFileSync(record, "utf8").split("\n") : [];
  return { exitCode: status, modules };
}

const scripts = globSync("scripts/**/*.ts", { cwd: repositoryRoot })
  .filter((file) => readFileSync(path.join(repositoryRoot, file), "utf8").includes("runCommand("))
  .toSorted();

t.test("the recorder sees what is imported and what is required", async (t) => {
  const program = path.join(
    t.testdir({ "a.mjs": `await import("yaml"); await import("ajv");` }),
    "a.mjs",
  );
  const { exitCode, modules } = load([program]);
  t.equal(exitCode, 0);
  t.ok(modules.some((url) => url.includes("/node_modules/yaml/")));
  t.ok(
    modules.filter((url) => url.includes("/node_modules/ajv/")).length > 5,
    "also what ajv requires by itself",
  );
});

t.test("there are scripts to look at", async (t) => {
  t.ok(scripts.includes("scripts/dev/bench-startup.ts"));
});

for (const script of scripts) {
  t.test(`${script} --help loads no package at all`, async (t) => {
    const { exitCode, modules } = load([script, "--help"]);
    t.equal(exitCode, 0);
    t.ok(modules.some((url) => url.endsWith("/lib/cli/render-help.ts")));
    t.same(
      modules.filter((url) => url.includes("/node_modules/")),
      [],
    );
  });
}

// One script stands for all: they load no package by themselves, and zx knows none of them.
t.test("zx adds no package but itself", async (t) => {
  const { exitCode, modules } = load([zx, "scripts/dr/failover.ts", "--help"]);
  t.equal(exitCode, 0);
  const packages = modules.filter((url) => url.includes("/node_modules/"));
  t.ok(packages.length > 0);
  t.same(
    packages.filter((url) => !url.includes("/node_modules/zx/")),
    [],
  );
});
