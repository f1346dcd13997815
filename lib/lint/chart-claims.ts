import { describeKind, type Manifest } from "../manifests/manifest.ts";

/** Kinds that install a chart, whose pods nobody sees in Git. */
export const chartKinds = [
  "argoproj.io/Application",
  "argoproj.io/ApplicationSet",
  "helm.cattle.io/HelmChart",
  "helm.cattle.io/HelmChartConfig",
];

/** As charts call the claim that they are to use: `existingClaim: data`, or a parameter so named. */
const named =
  /(?:claim|claimName)\\?"?(?:,\\?"value\\?")?\s*[:=]\s*\\?["']?([a-z0-9][a-z0-9.-]*)/gi;

/** The names of claims that the values of charts name. */
export function listChartClaims(manifests: readonly Manifest[]): Set<string> {
  const charts = manifests.filter((one) => chartKinds.includes(describeKind(one)));
  return new Set(
    charts.flatMap(({ value }) =>
      [...JSON.stringify(value).matchAll(named)].map(([, name = ""]) => name),
    ),
  );
}
