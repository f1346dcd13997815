import { getText, type Manifest } from "../manifests/manifest.ts";
import { createsNamespace, listApplications } from "./argo/applications.ts";
import { builtInNamespaces } from "./built-in-namespaces.ts";
import { applies } from "./argo/applied-objects.ts";
import { listPlacedObjects } from "./placed-objects.ts";
import type { Repository } from "./rule.ts";

/** The folders whose objects the cluster gets. */
const clusterFolders = /^(?:kubernetes|config)\//;

/** Whether a file is about the cluster, and not about a lab or a test. */
export function isOfCluster(file: string): boolean {
  return clusterFolders.test(file);
}

/**
 * The namespaces that will be there: Kubernetes' own, those of a Namespace object, and those that an
 * Application makes. Undefined where no object declares one: then this folder is not all of it.
 */
export function listNamespaces(repository: Repository): ReadonlySet<string> | undefined {
  const objects = listPlacedObjects(repository).filter(
    ({ manifest: { apiVersion, kind } }) => kind === "Namespace" && apiVersion === "v1",
  );
  if (!objects.some(({ manifest }) => isOfCluster(manifest.file))) return undefined;
  // An Application may have its own elsewhere, one of a lab for example.
  const declared = objects.map(({ name }) => name);
  const made = listApplications(repository)
    .filter(createsNamespace)
    .map(({ spec }) => getText(spec, "destination", "namespace"));
  return new Set([...builtInNamespaces, ...declared, ...made].filter((name) => name !== undefined));
}

const known = new WeakMap<Repository, ReadonlyMap<Manifest, ReadonlySet<string>>>();

/** The namespaces that an object is applied to: several where overlays share it, none where nothing says. */
export function findNamespacesOf(manifest: Manifest, repository: Repository): ReadonlySet<string> {
  const all = known.get(repository) ?? placeInNamespaces(repository);
  known.set(repository, all);
  // What is rendered has its own.
  return all.get(manifest) ?? new Set(manifest.namespace === undefined ? [] : [manifest.namespace]);
}

function placeInNamespaces(repository: Repository): Map<Manifest, Set<string>> {
  const applications = listApplications(repository);
  const placed = new Map<Manifest, Set<string>>();
  for (const object of listPlacedObjects(repository)) {
    const { manifest, namespace } = object;
    const those = placed.get(manifest) ?? new Set();
    placed.set(manifest, those);
    if (namespace !== undefined) those.add(namespace);
    else {
      for (const application of applications) {
        const filled = getText(application.spec, "destination", "namespace");
        if (filled !== undefined && applies(application, object, repository)) those.add(filled);
      }
    }
  }
  return placed;
}
