import {
  describeKind,
  type Fields,
  getFields,
  getList,
  type Manifest,
} from "../manifests/manifest.ts";

/** How many charts the objects install: what these make is not judged. */
export function countCharts(manifests: readonly Manifest[]): number {
  return manifests.reduce((sum, manifest) => sum + countIn(manifest), 0);
}

function countIn(manifest: Manifest): number {
  const { value } = manifest;
  switch (describeKind(manifest)) {
    case "helm.cattle.io/HelmChart":
      return 1;
    case "argoproj.io/Application":
      return countSources(getFields(value, "spec"));
    case "argoproj.io/ApplicationSet":
      return countSources(getFields(value, "spec", "template", "spec"));
    default:
      return 0;
  }
}

function countSources(spec: Fields): number {
  const sources = [spec["source"], ...getList(spec, "sources")];
  return sources.filter((source) => {
    const { chart, helm } = getFields({ source }, "source");
    return chart !== undefined || helm !== undefined;
  }).length;
}
