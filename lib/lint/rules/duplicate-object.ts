import { describeKind, getList, getText, type Manifest } from "../../manifests/manifest.ts";
import { getKustomizeTree } from "../kustomize-tree.ts";
import { listPlacedObjects, type PlacedObject, type Step } from "../placed-objects.ts";
import { kustomizationKinds } from "../../manifests/kustomization.ts";
import type { ObjectFault, RepositoryFault, RepositoryRule } from "../rule.ts";

/** Folders whose subfolders take each other's place. */
const alternatives = /(?:^|\/)(?:overlays|environments|envs|clusters|variants|examples|_[^/]*)\//;
/** Folders that are there to be copied: what one has is applied under the copy's path. */
const examples = /^kubernetes\/apps\/_[^/]+\//;

export const duplicateObject: RepositoryRule = {
  id: "duplicate-object",
  codes: ["OBJECT_DUPLICATE"],
  scope: "repository",
  summary: "an object of one kind, namespace and name stands in one place only",
  why: "Of two files for one object the cluster has what was applied last; two Applications undo one another for ever, which Argo CD tells as SharedResourceWarning; and kustomize refuses to build: `may not add resource with an already registered id`.",
  example: {
    bad: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop",
    good: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop",
  },
  kinds: kustomizationKinds,
  find(repository) {
    const tree = getKustomizeTree(repository);
    const first = new Map<string, PlacedObject[]>();
    const faults: RepositoryFault[] = [];
    const told = new Set<string>();
    for (const placed of listPlacedObjects(repository)) {
      const { manifest, name, namespace } = placed;
      // Without a name the cluster makes one up.
      if (name === "" || tree.patches.has(manifest.file)) continue;
      const isNamespaced = repository.isNamespaced(manifest) !== false;
      const key = `${describeKind(manifest)}|${isNamespaced ? (namespace ?? "") : ""}|${name}`;
      const others = first.get(key);
      if (others === undefined) {
        first.set(key, [placed]);
        continue;
      }
      const twin = others.find((other) => meets(other, placed, isNamespaced));
      others.push(placed);
      if (twin === undefined) continue;
      const fault = describeTwin(twin, placed);
      if (fault === undefined) continue;
      const place = [fault.manifest.file, fault.manifest.document, ...fault.at].join(" ");
      if (!told.has(place)) faults.push(fault);
      told.add(place);
    }
    return faults;
  },
};

/** Whether two objects of the same name reach the cluster together. */
function meets(a: PlacedObject, b: PlacedObject, isNamespaced: boolean): boolean {
  if (a.root === b.root) return true;
  // Two overlays of one base.
  if (a.manifest === b.manifest || sharesPart(a.way, b.way)) return false;
  // Where nothing says the namespace, it is told when they are applied.
  if (isNamespaced && (a.namespace === undefined || b.namespace === undefined)) return false;
  if (alternatives.test(`${a.root}/`) && alternatives.test(`${b.root}/`)) return false;
  if (examples.test(`${a.root}/`) !== examples.test(`${b.root}/`)) return false;
  return findTree(a.root) === findTree(b.root);
}

function sharesPart(a: readonly Step[], b: readonly Step[]): boolean {
  return a.some((one) => b.some(({ kustomization }) => kustomization === one.kustomization));
}

/** The objects of the cluster, or those of another purpose such as a lab. */
function findTree(folder: string): string {
  const [top = ""] = folder.split("/");
  return top === "config" ? "kubernetes" : top;
}

function describeTwin(
  twin: PlacedObject,
  placed: PlacedObject,
): (ObjectFault & { manifest: Manifest }) | undefined {
  const { manifest, name, namespace, way } = placed;
  const object = `${manifest.kind} "${name}"${namespace === undefined ? "" : ` in ${namespace}`}`;
  const split = way.findIndex(({ reference }, at) => reference !== twin.way[at]?.reference);
  const inner = split === -1 ? [] : [...way.slice(split + 1), ...twin.way.slice(split + 1)];
  if (inner.some(({ kustomization }) => mayRename(kustomization.manifest.value))) return undefined;
  const step = way[split];
  if (twin.manifest === manifest) {
    // Twice in one list: rule `kustomization` tells it.
    if (step === undefined || step.reference.target === twin.way[split]?.reference.target) {
      return undefined;
    }
    return {
      manifest: step.kustomization.manifest,
      at: step.reference.at,
      part: "value",
      message: `"${step.reference.written}" brings ${object} a second time`,
      why: "another path of the same build brings it already",
      fix: "Take it in once, or give each its own namePrefix or namespace",
    };
  }
  const { file } = twin.manifest;
  return {
    manifest,
    at: ["metadata", "name"],
    part: "value",
    message: `${object} is declared a second time`,
    why: file === manifest.file ? "it stands above in this file" : `it is also in ${file}`,
    fix: "Keep one of them, or give this one another name",
  };
}

/** Whether patches of a kustomization may take an object away, or change its name. */
function mayRename(value: unknown): boolean {
  const patches = ["patches", "patchesStrategicMerge", "patchesJson6902"].flatMap((key) =>
    getList(value, key),
  );
  return (
    getList(value, "transformers").length + getList(value, "replacements").length > 0 ||
    patches.some((patch) => {
      const written = typeof patch === "string" ? patch : getText(patch, "patch");
      return written === undefined || !/\n/.test(written) || /delete|metadata\/name/.test(written);
    })
  );
}
