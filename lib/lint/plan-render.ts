import path from "node:path";
import {
  changesObjects,
  isPlainList,
  type Kustomization,
  namesObjects,
} from "../manifests/kustomization.ts";
import { isTextFolder } from "./claims.ts";

/** A kustomization that no other one is put together from, with all that it needs. */
export interface RenderRoot {
  kustomization: Kustomization;
  /** The kustomizations that it reaches, itself among them. */
  parts: Kustomization[];
  /** The files of manifests that it reaches. */
  files: string[];
}

export interface RenderPlan {
  /** What differs from its raw files, and has to be rendered to be judged. */
  roots: RenderRoot[];
  /** Files that change objects, and are none themselves. */
  patches: ReadonlySet<string>;
}

/** Which kustomizations have to be rendered before the objects that they make can be judged. */
export function planRender(
  kustomizations: readonly Kustomization[],
  files: ReadonlySet<string>,
): RenderPlan {
  const byFolder = new Map(kustomizations.map((one) => [one.folder, one]));
  // What a lab, say, makes of the cluster's kustomizations says nothing of what the cluster gets.
  const reached = new Set(
    kustomizations.flatMap((one) =>
      listTargets(one).filter(
        (target) => byFolder.has(target) && getTop(target) === getTop(one.folder),
      ),
    ),
  );
  const roots = kustomizations
    .filter(({ folder, manifest }) => !reached.has(folder) && manifest.kind !== "Component")
    .filter(({ folder }) => !isTextFolder(folder))
    .map((kustomization) => collect(kustomization, byFolder, files))
    .filter((root) => !isVariant(root))
    .filter(({ parts }) => !parts.every(isPlainList));
  const changing = kustomizations.flatMap((one) => one.references.filter(changesObjects));
  return { roots, patches: new Set(changing.map(({ target }) => target)) };
}

/** Whether a kustomization makes something else of those of the cluster, as a lab does. */
function isVariant({ kustomization, parts }: RenderRoot): boolean {
  const top = getTop(kustomization.folder);
  return top !== "kubernetes" && parts.some(({ folder }) => getTop(folder) === "kubernetes");
}

function getTop(folder: string): string {
  return folder.split("/", 1)[0] ?? "";
}

/** The files and folders of objects that a kustomization names. */
function listTargets({ references }: Kustomization): string[] {
  return references.filter(namesObjects).map(({ target }) => target);
}

function collect(
  kustomization: Kustomization,
  byFolder: ReadonlyMap<string, Kustomization>,
  files: ReadonlySet<string>,
): RenderRoot {
  const parts = new Set([kustomization]);
  const found = new Set<string>();
  for (const part of parts) {
    for (const one of listTargets(part)) {
      const folder = byFolder.get(one);
      if (folder !== undefined) parts.add(folder);
      else if (files.has(one) && path.posix.extname(one) !== "") found.add(one);
    }
  }
  return { kustomization, parts: [...parts], files: [...found] };
}
