import { getFolder } from "../manifests/kustomization.ts";
import type { Repository } from "./rule.ts";

const known = new WeakMap<Repository, ReadonlySet<string>>();

/** Every folder that has a file in it or below it; the judged folder itself is "". */
export function listFolders(repository: Repository): ReadonlySet<string> {
  const found = known.get(repository);
  if (found !== undefined) return found;
  const folders = new Set<string>([""]);
  for (const file of repository.files) {
    for (let folder = getFolder(file); !folders.has(folder); folder = getFolder(folder)) {
      folders.add(folder);
    }
  }
  known.set(repository, folders);
  return folders;
}
