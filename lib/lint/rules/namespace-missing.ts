import { getText, type Manifest } from "../../manifests/manifest.ts";
import { kustomizationKinds } from "../../manifests/kustomization.ts";
import { applicationKinds, listApplications } from "../argo/applications.ts";
import { applies } from "../argo/applied-objects.ts";
import { isOfCluster, listNamespaces } from "../namespaces.ts";
import { listPlacedObjects, type PlacedObject } from "../placed-objects.ts";
import type { ObjectFault, Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

export const namespaceMissing: RepositoryRule = {
  id: "namespace-missing",
  codes: ["NAMESPACE_MISSING", "NAMESPACE_UNDECLARED", "NAMESPACE_OF_CLUSTER_SCOPED"],
  scope: "repository",
  summary: "every object of a namespaced kind says its namespace, and the namespace is declared",
  why: 'An object without a namespace lands in the one that whoever applies it happens to be in, `default` as a rule, where no backup schedule and no network policy looks for it. One whose namespace is not there is refused: `namespaces "shop" not found`. On a kind of the whole cluster the API server drops the namespace in silence, so that the object reaches further than it says.',
  example: {
    bad: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings",
    good: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop",
  },
  kinds: [...kustomizationKinds, ...applicationKinds],
  find(repository) {
    const placed = listPlacedObjects(repository).filter(({ manifest }) =>
      isOfCluster(manifest.file),
    );
    const namespaces = listNamespaces(repository);
    return [
      ...findWithout(placed, repository),
      ...(namespaces === undefined ? [] : findUndeclared(placed, namespaces, repository)),
      ...findClusterScoped(placed, repository),
    ];
  },
};

/** The objects that get a namespace on none of their ways. */
function findWithout(placed: readonly PlacedObject[], repository: Repository): RepositoryFault[] {
  const applications = listApplications(repository);
  const without = new Map<Manifest, boolean>();
  for (const object of placed) {
    const { manifest, namespace } = object;
    if (without.get(manifest) === false || repository.isNamespaced(manifest) !== true) continue;
    // Argo CD fills in the namespace of its destination.
    const isFilled = applications.some(
      (one) =>
        getText(one.spec, "destination", "namespace") !== undefined &&
        applies(one, object, repository),
    );
    without.set(manifest, namespace === undefined && !isFilled);
  }
  return [...without].flatMap(([manifest, isWithout]) => {
    if (!isWithout) return [];
    return [
      {
        manifest,
        at: ["metadata"],
        message: `${describe(manifest)} has no namespace`,
        fix: "Add metadata.namespace, or set the namespace in its kustomization.yaml",
      },
    ];
  });
}

/** Namespaces that nothing declares, each once where it is written. */
function findUndeclared(
  placed: readonly PlacedObject[],
  namespaces: ReadonlySet<string>,
  repository: Repository,
): RepositoryFault[] {
  const told = new Set<string>();
  return placed.flatMap((one) => {
    const { namespace, manifest } = one;
    if (namespace === undefined || namespaces.has(namespace)) return [];
    if (repository.isNamespaced(manifest) === false) return [];
    const place = locateNamespace(one);
    const key = `${place.manifest.file} ${namespace}`;
    if (told.has(key)) return [];
    told.add(key);
    return [
      {
        ...place,
        code: "NAMESPACE_UNDECLARED",
        part: "value" as const,
        message: `no object declares the namespace "${namespace}"`,
        why: "nothing can be made in a namespace that is not there",
        fix: "Correct the name, or declare the Namespace in kubernetes/bootstrap/namespaces.yaml",
      },
    ];
  });
}

/** Where the namespace of an object is written: in the outermost kustomization that sets it. */
function locateNamespace({ manifest, way }: PlacedObject): Pick<ObjectFault, "at"> & {
  manifest: Manifest;
} {
  const setter = way.find(({ kustomization }) => {
    return getText(kustomization.manifest.value, "namespace") !== undefined;
  });
  return setter === undefined
    ? { manifest, at: ["metadata", "namespace"] }
    : { manifest: setter.kustomization.manifest, at: ["namespace"] };
}

function findClusterScoped(
  placed: readonly PlacedObject[],
  repository: Repository,
): RepositoryFault[] {
  const manifests = new Set(placed.map(({ manifest }) => manifest));
  return [...manifests].flatMap((manifest) => {
    if (manifest.namespace === undefined || repository.isNamespaced(manifest) !== false) return [];
    return [
      {
        code: "NAMESPACE_OF_CLUSTER_SCOPED",
        manifest,
        at: ["metadata", "namespace"],
        message: `${describe(manifest)} has a namespace, and its kind has none`,
        fix: "Remove the namespace; or write the kind that belongs to one, such as Role for ClusterRole",
      },
    ];
  });
}

function describe({ kind, name }: Manifest): string {
  return name === "" ? kind : `${kind} "${name}"`;
}
