import { getFolder, type Kustomization, type Reference } from "../manifests/kustomization.ts";
import { getText, type Manifest } from "../manifests/manifest.ts";
import { listApplications } from "./argo/applications.ts";
import { getKustomizeTree, type KustomizeTree } from "./kustomize-tree.ts";
import type { Repository } from "./rule.ts";

/** A step on the way from what is applied to an object: a kustomization, and the path in it. */
export interface Step {
  kustomization: Kustomization;
  reference: Reference;
}

/** An object as it is applied; one of a shared base is there once for each way it comes. */
export interface PlacedObject {
  manifest: Manifest;
  name: string;
  /** What its kustomizations or it itself say; undefined when nothing does. */
  namespace: string | undefined;
  /** The folder that is applied: that of the outermost kustomization, or the object's own. */
  root: string;
  /** From the outside; empty for an object that no kustomization names. */
  way: readonly Step[];
}

/** What kustomizations say of the objects in them; the outer one has the last word. */
interface Settings {
  namespace: string | undefined;
  prefix: string;
  suffix: string;
}

const known = new WeakMap<Repository, readonly PlacedObject[]>();

/** Every object with the names that it is applied by, as far as kustomize need not be run to know them. */
export function listPlacedObjects(repository: Repository): readonly PlacedObject[] {
  const found = known.get(repository);
  if (found !== undefined) return found;
  const placed = placeObjects(repository);
  known.set(repository, placed);
  return placed;
}

function placeObjects(repository: Repository): PlacedObject[] {
  const tree = getKustomizeTree(repository);
  const placed: PlacedObject[] = [];
  for (const root of findRoots(repository, tree)) follow(root, root.folder, [], [], placed, tree);
  for (const file of repository.files) {
    if (tree.named.has(file)) continue;
    for (const manifest of tree.listObjects(file)) {
      const { name, namespace } = manifest;
      placed.push({ manifest, name, namespace, root: getFolder(file), way: [] });
    }
  }
  return placed;
}

/** The kustomizations that no other one takes in, or that an Application applies. */
function findRoots(repository: Repository, tree: KustomizeTree): Kustomization[] {
  const applied = new Set(
    listApplications(repository).flatMap(({ sources }) => sources.map(({ folder }) => folder)),
  );
  return [...tree.kustomizations.values()].filter(
    ({ folder, manifest }) =>
      applied.has(folder) || (manifest.kind === "Kustomization" && !tree.named.has(folder)),
  );
}

function follow(
  kustomization: Kustomization,
  root: string,
  outer: readonly Step[],
  settings: readonly Settings[],
  placed: PlacedObject[],
  tree: KustomizeTree,
): void {
  // One that takes in itself is told by rule `kustomization`.
  if (outer.some((step) => step.kustomization === kustomization)) return;
  const inner = [readSettings(kustomization), ...settings];
  for (const reference of tree.listObjectPaths(kustomization)) {
    const way = [...outer, { kustomization, reference }];
    const next = tree.kustomizations.get(reference.target);
    if (next !== undefined) follow(next, root, way, inner, placed, tree);
    else {
      for (const manifest of tree.listObjects(reference.target)) {
        placed.push({ manifest, root, way, ...applySettings(manifest, inner) });
      }
    }
  }
}

function readSettings({ manifest: { value } }: Kustomization): Settings {
  return {
    namespace: getText(value, "namespace"),
    prefix: getText(value, "namePrefix") ?? "",
    suffix: getText(value, "nameSuffix") ?? "",
  };
}

function applySettings(
  manifest: Manifest,
  settings: readonly Settings[],
): Pick<PlacedObject, "name" | "namespace"> {
  let { name, namespace } = manifest;
  for (const one of settings) {
    // kustomize leaves these two kinds their names: their users know them.
    if (!/^(?:Namespace|CustomResourceDefinition)$/.test(manifest.kind)) {
      name = one.prefix + name + one.suffix;
    }
    namespace = one.namespace ?? namespace;
  }
  return { name, namespace };
}
