import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { findRemovedApi, loadRemovedApis } from "../../lib/schema/removed-apis.ts";
import type { SchemaIndex } from "../../lib/schema/schema-index.ts";
import { schemasFolder } from "../../lib/config/paths.ts";
import { checkFixtures } from "../support/check-fixtures.ts";

await checkFixtures(t, "removed-apis", ({ file }) => loadRemovedApis(file));

const removed = await loadRemovedApis();
const index = JSON.parse(
  readFileSync(path.join(schemasFolder, "index.json"), "utf8"),
) as SchemaIndex;

t.test("what was removed is not served, and what is to be used is", async (t) => {
  for (const { apiVersion, kinds, use, instead } of removed) {
    t.ok((use === undefined) !== (instead === undefined), `${apiVersion} has one way out`);
    const old = { ...index.kubernetes[apiVersion], ...index.crds[apiVersion] };
    if (kinds === undefined) t.strictSame(Object.keys(old), [], `${apiVersion} has no kinds`);
    for (const kind of kinds ?? []) {
      t.equal(old[kind], undefined, `${apiVersion} ${kind}`);
      if (use === undefined) continue;
      const entry = index.kubernetes[use]?.[kind] ?? index.crds[use]?.[kind];
      t.ok(entry, `${use} ${kind}`);
    }
    if (use !== undefined) t.ok(index.kubernetes[use] ?? index.crds[use], use);
  }
});

t.test("an object's API version is found by its kind", async (t) => {
  const find = (apiVersion: string, kind: string) =>
    findRemovedApi(removed, apiVersion, kind)?.removedIn;
  t.equal(find("extensions/v1beta1", "Deployment"), "Kubernetes 1.16");
  t.equal(find("extensions/v1beta1", "Ingress"), "Kubernetes 1.22");
  t.equal(find("traefik.containo.us/v1alpha1", "Middleware"), "Traefik 3.0");
  t.equal(find("storage.k8s.io/v1beta1", "VolumeAttributesClass"), undefined);
  t.equal(find("apps/v1", "Deployment"), undefined);
});
