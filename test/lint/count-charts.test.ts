import t from "tap";
import { countCharts } from "../../lib/lint/count-charts.ts";
import { listManifests } from "../../lib/manifests/manifest.ts";

function count(...objects: object[]): number {
  return countCharts(listManifests("kubernetes/x.yaml", objects));
}

function application(spec: object) {
  return { apiVersion: "argoproj.io/v1alpha1", kind: "Application", metadata: { name: "x" }, spec };
}

t.test("charts are counted wherever they are named", async (t) => {
  t.equal(count(application({ source: { chart: "velero" } })), 1);
  t.equal(count(application({ source: { path: "chart", helm: {} } })), 1);
  t.equal(count(application({ sources: [{ chart: "a" }, { path: "b" }, { chart: "c" }] })), 2);
  t.equal(count(application({ source: { path: "kubernetes/apps" } })), 0);
  const template = { spec: { source: { chart: "velero" } } };
  t.equal(count({ ...application({ template }), kind: "ApplicationSet" }), 1);
  t.equal(count({ apiVersion: "helm.cattle.io/v1", kind: "HelmChart", spec: {} }), 1);
  t.equal(count({ apiVersion: "v1", kind: "ConfigMap" }, application({})), 0);
});
