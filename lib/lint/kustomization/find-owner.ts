import { getFolder, type Kustomization } from "../../manifests/kustomization.ts";
import { listApplications } from "../argo/applications.ts";
import { getKustomizeTree } from "../kustomize-tree.ts";
import type { Repository } from "../rule.ts";

/** The kustomization that is to list the files of a folder: its own, or the nearest above that no Application reads by itself. */
export function findOwner(folder: string, repository: Repository): Kustomization | undefined {
  const own = getKustomizeTree(repository).kustomizations.get(folder);
  if (own !== undefined || folder === "" || listSourceFolders(repository).has(folder)) return own;
  return findOwner(getFolder(folder), repository);
}

const known = new WeakMap<Repository, ReadonlySet<string>>();

/** The folders that Applications read. */
function listSourceFolders(repository: Repository): ReadonlySet<string> {
  const found = known.get(repository);
  if (found !== undefined) return found;
  const folders = new Set(
    listApplications(repository).flatMap(({ sources }) =>
      sources.map(({ folder }) => folder).filter((folder) => folder !== undefined),
    ),
  );
  known.set(repository, folders);
  return folders;
}
