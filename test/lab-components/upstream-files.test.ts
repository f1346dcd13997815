import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { ensureUpstreamFiles } from "../../lab/upstream-files.ts";
import { loadSources } from "../../lib/schema/sources.ts";
import { installProgram } from "../support/install-program.ts";

const { crds: sources } = await loadSources();
const { "argo-cd": argo, "external-dns": dns, velero } = sources;
if (argo === undefined || dns === undefined || velero === undefined)
  throw new Error("a source is missing");

/** A Go that has every module, with the sums of `sums` by their names. */
function installPrograms(t: Test, sums: Record<string, string>): void {
  const cases = Object.entries(sums).map(
    ([module, sum]) => `*${module}@*) echo '{"Zip": "/x.zip", "Sum": "${sum}"}';;`,
  );
  installProgram(t, "go", `case "$*" in ${cases.join(" ")} esac`);
  // The files are the patterns, as long as they have no folder in place of an asterisk.
  const unzip = `
    for last; do :; done
    for pattern; do
      case $pattern in *@*)
        file=$last/$(echo "$pattern" | tr '*' x)
        mkdir -p "$(dirname "$file")"
        echo "$pattern" >"$file"
      esac
    done`;
  installProgram(t, "unzip", unzip);
}

function start(t: Test) {
  const said: string[] = [];
  const cacheFolder = path.join(t.testdir({}), "cache");
  const progress = { say: (line: string) => void said.push(line) };
  return { said, options: { sources, cacheFolder, progress } };
}

t.test("files of modules lie where GitHub has them, and are taken once", async (t) => {
  const { said, options } = start(t);
  installPrograms(t, Object.fromEntries([argo, dns, velero].map((one) => [one.module, one.sum])));
  const folder = await ensureUpstreamFiles(options);
  t.strictSame(readdirSync(folder).toSorted(), ["argoproj", "kubernetes-sigs", "vmware-tanzu"]);
  const manifest = path.join(
    folder,
    `argoproj/argo-cd/${argo.version}/manifests/core-install.yaml`,
  );
  const name = `${argo.module}@${argo.version}/manifests/core-install.yaml`;
  t.equal(readFileSync(manifest, "utf8"), `${name}\n`);
  const crds = path.join(folder, `vmware-tanzu/velero/${velero.version}/config/crd`);
  t.strictSame(readdirSync(crds).toSorted(), ["v1", "v2alpha1"]);
  t.equal(said.length, 3);

  writeFileSync(manifest, "kept");
  t.equal(await ensureUpstreamFiles(options), folder);
  t.equal(said.length, 3);
  const newer = { ...sources, "argo-cd": { ...argo, version: "v3.6.2" } };
  t.not(await ensureUpstreamFiles({ ...options, sources: newer }), folder);
});

t.test("a module with another sum is refused, and nothing of it is kept", async (t) => {
  const { options } = start(t);
  const wrong = `h1:${"A".repeat(43)}=`;
  installPrograms(t, { [argo.module]: argo.sum, [dns.module]: dns.sum, [velero.module]: wrong });
  await t.rejects(ensureUpstreamFiles(options), { code: "SCHEMAS_SUM_WRONG" });
  t.strictSame(readdirSync(options.cacheFolder), []);
});
