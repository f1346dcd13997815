import { describeKind, getList, getText } from "../../manifests/manifest.ts";
import { getKustomizeTree } from "../kustomize-tree.ts";
import type { Repository } from "../rule.ts";
import { listAppliedObjects } from "./applied-objects.ts";
import type { Application } from "./applications.ts";

/** Charts and releases that bring CustomResourceDefinitions, and the groups of their kinds. */
const bringers: readonly { chart: string; url: RegExp; groups: readonly string[] }[] = [
  {
    chart: "cert-manager",
    url: /github\.com\/(?:cert-manager|jetstack)\/cert-manager\b/,
    groups: ["cert-manager.io", "acme.cert-manager.io"],
  },
  {
    chart: "gateway-api",
    url: /github\.com\/kubernetes-sigs\/gateway-api\b/,
    groups: ["gateway.networking.k8s.io"],
  },
  { chart: "traefik", url: /github\.com\/traefik\/traefik\b/, groups: ["traefik.io"] },
  {
    chart: "traefik-crds",
    url: /github\.com\/traefik\/traefik-helm-chart\b/,
    groups: ["traefik.io"],
  },
  {
    chart: "velero",
    url: /github\.com\/(?:velero-io|vmware-tanzu)\/velero\b/,
    groups: ["velero.io"],
  },
  {
    chart: "sealed-secrets",
    url: /github\.com\/bitnami(?:-labs)?\/sealed-secrets\b/,
    groups: ["bitnami.com"],
  },
  {
    chart: "external-dns",
    url: /github\.com\/kubernetes-sigs\/external-dns\b/,
    groups: ["externaldns.k8s.io"],
  },
  {
    chart: "kube-prometheus-stack",
    url: /github\.com\/prometheus-operator\/prometheus-operator\b/,
    groups: ["monitoring.coreos.com"],
  },
  {
    chart: "cloudnative-pg",
    url: /github\.com\/cloudnative-pg\/cloudnative-pg\b/,
    groups: ["postgresql.cnpg.io"],
  },
];

/** Whether a text names what brings the kinds of an API group, as a chart or by its URL. */
export function namesBringer(text: string, group: string): boolean {
  return bringers.some(({ chart, url, groups }) => {
    if (!groups.includes(group)) return false;
    return url.test(text) || new RegExp(`\\b(?:chart|name): *["']?${chart}["']?\\s`).test(text);
  });
}

const definition = "apiextensions.k8s.io/CustomResourceDefinition";

/** The API groups whose kinds an Application brings, as far as that is seen without rendering it. */
export function listBroughtGroups(
  application: Application,
  repository: Repository,
): ReadonlySet<string> {
  const groups = new Set<string>();
  const { kustomizations } = getKustomizeTree(repository);
  for (const { fields, folder, isOurs } of application.sources) {
    const chart = getText(fields, "chart");
    const urls = isOurs ? [] : [getText(fields, "repoURL") ?? ""];
    const kustomization = folder === undefined ? undefined : kustomizations.get(folder);
    for (const key of ["resources", "components", "crds"]) {
      for (const item of getList(kustomization?.manifest.value, key)) {
        if (typeof item === "string") urls.push(item);
      }
    }
    for (const bringer of bringers) {
      const isBrought = chart === bringer.chart || urls.some((url) => bringer.url.test(url));
      if (isBrought) for (const group of bringer.groups) groups.add(group);
    }
  }
  for (const { manifest } of listAppliedObjects(application, repository)) {
    const group = getText(manifest.value, "spec", "group");
    if (describeKind(manifest) === definition && group !== undefined) groups.add(group);
  }
  return groups;
}
