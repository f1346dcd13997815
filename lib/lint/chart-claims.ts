import { describeKind, type Manifest } from "../manifests/manifest.ts";

/** Kinds that install a chart, whose objects nobody sees in Git. */
export const chartKinds = [
  "argoproj.io/Application",
  "argoproj.io/ApplicationSet",
  "helm.cattle.io/HelmChart",
  "helm.cattle.io/HelmChartConfig",
];

/** As charts call the claim that they are to use: `existingClaim: data`, or a parameter so named. */
const named = /claim(?:Name)?\\?"?(?:,\\?"value\\?")?\s*[:=]\s*\\?["']?([a-z0-9][a-z0-9.-]*)/gi;

/** All that is said of charts, as one text to look for names in. */
export function listCharts(manifests: readonly Manifest[]): string {
  const charts = manifests.filter((one) => chartKinds.includes(describeKind(one)));
  return JSON.stringify(charts.map(({ value }) => value));
}

/** The names of claims that the values of charts name. */
export function listChartClaims(manifests: readonly Manifest[]): Set<string> {
  return new Set([...listCharts(manifests).matchAll(named)].map(([, name = ""]) => name));
}
