import { symlinkSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { findArguments } from "../../lib/cli/find-arguments.ts";

const folder = t.testdir({
  repository: { scripts: { dr: { "failover.ts": "" } }, other: { "failover.ts": "" } },
});
const script = path.join(folder, "repository/scripts/dr/failover.ts");
const other = path.join(folder, "repository/other/failover.ts");
const link = path.join(folder, "link");
symlinkSync(script, link);

const flags = ["--source-node", "a", "--help"];
const cases: [how: string, argv: string[]][] = [
  ["node script.ts", ["/usr/bin/node", script]],
  ["zx script.ts", ["/usr/bin/node", "/x/node_modules/zx/build/cli.js", script]],
  ["zx with options of its own", ["node", "zx", "--verbose", "--shell", "/bin/bash", script]],
  ["a relative path", ["node", "zx", path.relative(process.cwd(), script)]],
  ["a symbolic link", ["node", "zx", link]],
  ["a script of the same name before it", ["node", other, script]],
];

for (const [how, argv] of cases)
  t.same(findArguments([...argv, ...flags], "scripts/dr/failover.ts"), flags, how);

t.same(
  findArguments(["node", script, "--kubeconfig", script], "scripts/dr/failover.ts"),
  ["--kubeconfig", script],
  "the first one counts",
);
t.throws(
  () => findArguments(["node", other, "--dry-run"], "scripts/dr/failover.ts"),
  /scripts\/dr\/failover\.ts is not on its own command line/,
);
