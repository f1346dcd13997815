import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { listGitFiles } from "../../lib/exec/git.ts";
import { findClaim } from "../../lib/lint/claims.ts";

const files = await listGitFiles(repositoryRoot);

t.test("every YAML and JSON file of the repository is judged as what it is", async (t) => {
  const data = files.filter((file) => /\.(ya?ml|json)$/.test(file));
  t.ok(data.length > 400);
  // A file with no claim of its own is taken for manifests.
  const manifests = data.filter((file) => findClaim(file).kind === "manifests");
  t.strictSame(
    manifests.filter((file) => !/^(?:config\/velero|kubernetes|lab\/(?:apps|gitops))\//.test(file)),
    [],
  );
});

t.test("a YAML file of ours leads an editor to its schema", async (t) => {
  const own = files.flatMap((file) => {
    const claim = findClaim(file);
    return claim.kind === "config" ? [{ file, name: claim.name }] : [];
  });
  t.ok(own.length >= 4);
  const variables = files.filter((file) => file.startsWith("ansible/inventory/group_vars/"));
  for (const { file, name } of [
    ...own,
    ...variables.map((file) => ({ file, name: "variables" })),
  ]) {
    const [first = ""] = readFileSync(path.join(repositoryRoot, file), "utf8").split("\n");
    const [, schema = ""] = /^# yaml-language-server: \$schema=(\S+)$/.exec(first) ?? [];
    const target = path.join(path.dirname(file), schema);
    t.equal(target, `config/schemas/own/${name}.json`, file);
  }
});

t.test("what a path is judged as", async (t) => {
  t.strictSame(findClaim("kubernetes/apps/shop/app.yaml"), { kind: "manifests" });
  t.strictSame(findClaim("config/velero/schedules/daily.yaml"), { kind: "manifests" });
  t.strictSame(findClaim("test/fixtures/invalid/schema/x.yaml"), { kind: "fixture" });
  t.strictSame(findClaim("lib/errors.ts"), { kind: "text" });
  t.strictSame(findClaim("anything/else.yml"), { kind: "manifests" });
  t.strictSame(findClaim("kubernetes/apps/_template/app.yaml"), { kind: "text" });
  t.strictSame(findClaim("kubernetes/apps/shop/templates/app.yaml"), { kind: "text" });
  for (const file of ["Chart.yaml", "Chart.lock"]) {
    t.strictSame(findClaim(`charts/shop/${file}`), { kind: "yaml", reader: "Helm" });
  }
});
