import { describeKind, getText, type Manifest } from "../manifests/manifest.ts";
import { isForKustomize } from "../manifests/kustomization.ts";
import { isTemplate, listApplications } from "./argo/applications.ts";
import { getKustomizeTree } from "./kustomize-tree.ts";
import { findNamespacesOf } from "./namespaces.ts";
import type { Repository } from "./rule.ts";

/** Groups of CRDs whose operators make neither pods nor claims for others. */
const harmless =
  /^(?:argoproj\.io|cert-manager\.io|traefik\.io|velero\.io|bitnami\.com|external-secrets\.io|monitoring\.coreos\.com|upgrade\.cattle\.io|helm\.cattle\.io|externaldns\.k8s\.io)\//;

/**
 * The namespaces that may get objects which nobody sees in Git: from charts, from operators, or from
 * what kustomize fetches. "all" where it may be any.
 */
export function listUnseenNamespaces(repository: Repository): ReadonlySet<string> | "all" {
  const found = new Set<string>();
  for (const { sources, spec } of listApplications(repository)) {
    if (sources.every(({ folder, fields }) => folder !== undefined && !("helm" in fields)))
      continue;
    const namespace = getText(spec, "destination", "namespace");
    if (namespace === undefined || isTemplate(namespace)) return "all";
    found.add(namespace);
  }
  const { kustomizations } = getKustomizeTree(repository);
  if ([...kustomizations.values()].some(({ foreign }) => foreign.length > 0)) return "all";
  for (const manifest of repository.written) {
    if (isForKustomize(manifest)) continue;
    if (mayMakeObjects(manifest)) {
      const namespaces = findNamespacesOf(manifest, repository);
      if (namespaces.size === 0 || manifest.kind === "HelmRelease") return "all";
      for (const one of namespaces) found.add(one);
    } else if (describeKind(manifest) === "helm.cattle.io/HelmChart") {
      found.add(
        getText(manifest.value, "spec", "targetNamespace") ?? manifest.namespace ?? "default",
      );
    }
    if (manifest.isPart) return "all";
  }
  return repository.manifests.some(({ isPart }) => isPart) ? "all" : found;
}

/** Whether it is of a group that only a CRD brings. */
function mayMakeObjects({ apiVersion }: Manifest): boolean {
  const group = apiVersion.slice(0, apiVersion.indexOf("/"));
  return group.includes(".") && !group.endsWith(".k8s.io") && !harmless.test(apiVersion);
}
