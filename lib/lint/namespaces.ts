import { getText } from "../manifests/manifest.ts";
import { createsNamespace, listApplications } from "./argo/applications.ts";
import { listPlacedObjects } from "./placed-objects.ts";
import type { Repository } from "./rule.ts";

/** The folders whose objects the cluster gets. */
const clusterFolders = /^(?:kubernetes|config)\//;

/** There in every cluster. */
const builtIn = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** Whether a file is about the cluster, and not about a lab or a test. */
export function isOfCluster(file: string): boolean {
  return clusterFolders.test(file);
}

/**
 * The namespaces that will be there: Kubernetes' own, those of a Namespace object, and those that an
 * Application makes. Undefined where no object declares one: then this folder is not all of it.
 */
export function listNamespaces(repository: Repository): ReadonlySet<string> | undefined {
  const declared = listPlacedObjects(repository)
    .filter(({ manifest }) => manifest.kind === "Namespace" && manifest.apiVersion === "v1")
    .map(({ name }) => name);
  if (declared.length === 0) return undefined;
  const made = listApplications(repository)
    .filter(createsNamespace)
    .map(({ spec }) => getText(spec, "destination", "namespace"));
  return new Set([...builtIn, ...declared, ...made].filter((name) => name !== undefined));
}
