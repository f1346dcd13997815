import { getFolder, type Kustomization } from "../../manifests/kustomization.ts";
import { clusterKeyFile } from "../../secrets/cluster-files.ts";
import { isOff } from "../argo/running-charts.ts";
import type { KustomizeTree } from "../kustomize-tree.ts";
import type { Repository, RepositoryFault } from "../rule.ts";
import { findOwner } from "./find-owner.ts";

/** Files of objects in the folder of a kustomization, or below it, that nothing applies. */
export function findUnlistedFiles(
  repository: Repository,
  { kustomizations, named, listObjects }: KustomizeTree,
): RepositoryFault[] {
  if (kustomizations.size === 0) return [];
  const owners = new Map<string, Kustomization | undefined>();
  const faults: RepositoryFault[] = [];
  for (const file of repository.files) {
    const [first] = listObjects(file);
    if (first === undefined || named.has(file)) continue;
    // Argo CD has it from init-cluster: it could not decrypt its own key.
    if (file === clusterKeyFile) continue;
    if (listObjects(file).every((one) => isOff(one, repository))) continue;
    const folder = getFolder(file);
    if (!owners.has(folder)) owners.set(folder, findOwner(folder, repository));
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
