import type { Manifest } from "../manifests/manifest.ts";
import {
  changesObjects,
  findKustomizations,
  isForKustomize,
  type Kustomization,
  listSecretFiles,
  namesObjects,
  type Reference,
} from "../manifests/kustomization.ts";
import type { Repository } from "./rule.ts";

/** What belongs together by kustomizations. */
export interface KustomizeTree {
  /** By folder. */
  kustomizations: ReadonlyMap<string, Kustomization>;
  /** The objects of a file; what kustomize reads is none. */
  listObjects(file: string): readonly Manifest[];
  /** The files and folders of objects that a kustomization names, through its generators too. */
  listObjectPaths(kustomization: Kustomization): readonly Reference[];
  /** Every path that some kustomization or generator names. */
  named: ReadonlySet<string>;
  /** Files that change objects, and are none themselves. */
  patches: ReadonlySet<string>;
}

const known = new WeakMap<Repository, KustomizeTree>();

/** Reads the kustomizations of a repository once, for all rules. */
export function getKustomizeTree(repository: Repository): KustomizeTree {
  const found = known.get(repository);
  if (found !== undefined) return found;
  const tree = buildTree(repository.written);
  known.set(repository, tree);
  return tree;
}

function buildTree(manifests: readonly Manifest[]): KustomizeTree {
  const kustomizations = findKustomizations(manifests);
  const objects = new Map<string, Manifest[]>();
  const generators = new Map<string, Manifest[]>();
  for (const manifest of manifests) {
    const byFile = isForKustomize(manifest) ? generators : objects;
    const those = byFile.get(manifest.file);
    if (those === undefined) byFile.set(manifest.file, [manifest]);
    else those.push(manifest);
  }
  const named = new Set<string>();
  const patches = new Set<string>();
  const paths = new Map<Kustomization, Reference[]>();
  for (const kustomization of kustomizations.values()) {
    const those: Reference[] = [];
    for (const reference of kustomization.references) {
      const { target, use } = reference;
      named.add(target);
      if (changesObjects(reference)) patches.add(target);
      if (namesObjects(reference)) those.push(reference);
      if (use !== "generator") continue;
      for (const file of (generators.get(target) ?? []).flatMap(listSecretFiles)) {
        named.add(file.target);
        those.push({ ...reference, target: file.target, use: "resource" });
      }
    }
    paths.set(kustomization, those);
  }
  return {
    kustomizations,
    listObjects: (file) => objects.get(file) ?? [],
    listObjectPaths: (kustomization) => paths.get(kustomization) ?? [],
    named,
    patches,
  };
}
