import { getFolder, type Kustomization } from "../../manifests/kustomizations.ts";
import { listApplications } from "../argo/applications.ts";
import type { KustomizeTree } from "../kustomize-tree.ts";
import type { Repository, RepositoryFault } from "../rule.ts";

/** Files of objects in the folder of a kustomization, or below it, that nothing applies. */
export function findUnlistedFiles(
  repository: Repository,
  { kustomizations, named, listObjects }: KustomizeTree,
): RepositoryFault[] {
  if (kustomizations.size === 0) return [];
  const applied = new Set(
    listApplications(repository).flatMap(({ sources }) =>
      sources.map(({ folder }) => folder).filter((folder) => folder !== undefined),
    ),
  );

  /** The kustomization that is to list the files of a folder. */
  function findOwner(folder: string): Kustomization | undefined {
    const own = kustomizations.get(folder);
    if (own !== undefined || folder === "" || applied.has(folder)) return own;
    return findOwner(getFolder(folder));
  }

  const owners = new Map<string, Kustomization | undefined>();
  const faults: RepositoryFault[] = [];
  for (const file of repository.files) {
    const [first] = listObjects(file);
    if (first === undefined || named.has(file)) continue;
    const folder = getFolder(file);
    if (!owners.has(folder)) owners.set(folder, findOwner(folder));
    const owner = owners.get(folder);
    if (owner === undefined) continue;
    faults.push({
      code: "KUSTOMIZATION_FILE_UNLISTED",
      manifest: first,
      at: ["apiVersion"],
      message: `${owner.manifest.file} does not list this file`,
      why: "nothing applies it",
      fix: `Add "${file.slice(owner.folder === "" ? 0 : owner.folder.length + 1)}" to its resources, or remove the file`,
    });
  }
  return faults;
}
