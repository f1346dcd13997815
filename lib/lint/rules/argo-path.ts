import { isKustomizationFile, getFields, getList, getText } from "../../manifests/manifest.ts";
import { getFolder, resolvePath } from "../../manifests/kustomization.ts";
import type { DataPath } from "../../schema/explain.ts";
import { listGitGenerators } from "../argo/application-sets.ts";
import {
  type Application,
  applicationKinds,
  type ApplicationSource,
  isTemplate,
  listApplications,
  listOurUrls,
  normalizeUrl,
} from "../argo/applications.ts";
import { findValueFileFaults, type PathFault } from "../argo/find-value-file-faults.ts";
import { listFolders } from "../folders.ts";
import { matchesGlob } from "../../config/glob.ts";
import type { Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

/** What Argo CD applies from a folder that is neither a kustomization nor a chart. */
const manifestFile = /\.(?:ya?ml|json|jsonnet)$/;

export const argoPath: RepositoryRule = {
  id: "argo-path",
  codes: ["ARGO_PATH_MISSING", "ARGO_PATH_INVALID", "ARGO_PATH_EMPTY", "ARGO_VALUE_FILE_MISSING"],
  scope: "repository",
  summary:
    "the path of an Application leads to a folder of this repository that has something to apply",
  why: "Argo CD compares nothing while a path is wrong (`app path does not exist`): the Application is Unknown, and what it has applied stays as it was. A folder without manifests of its own is Synced with nothing in it; folders below it are read only with `directory.recurse: true`. https://argo-cd.readthedocs.io/en/stable/user-guide/directory/",
  example: { bad: "path: /kubernetes/apps/shop", good: "path: kubernetes/apps/shop" },
  kinds: applicationKinds,
  find(repository) {
    const ours = listOurUrls(repository);
    return listApplications(repository).flatMap((application): RepositoryFault[] => {
      const { manifest, sources } = application;
      const faults = [
        ...sources.flatMap((source) => [
          ...findPathFaults(source, repository),
          ...findValueFileFaults(application, source, repository),
        ]),
        ...findGeneratorFaults(application, ours, repository),
      ];
      return faults.map((fault) => ({ manifest, part: "value" as const, ...fault }));
    });
  },
};

function findPathFaults(source: ApplicationSource, repository: Repository): PathFault[] {
  const path = getText(source.fields, "path");
  if (path === undefined || isTemplate(path) || source.fields["chart"] !== undefined) return [];
  const at = [...source.at, "path"];
  const target = resolvePath("", path);
  if (path.startsWith("/") || target === ".." || target.startsWith("../")) {
    return [
      {
        code: "ARGO_PATH_INVALID",
        at,
        message: `the path "${path}" does not stay in the repository`,
        why: path.startsWith("/") ? "`app path is absolute`" : "`app path outside root`",
        fix: "Write it from the top of the repository, without a slash before it",
      },
    ];
  }
  if (source.folder === undefined) return [];
  if (repository.files.has(target))
    return [missing(at, path, "it is a file, and has to be a folder")];
  if (!listFolders(repository).has(target)) return [missing(at, path)];
  const problem = findEmptiness(source, target, repository);
  return problem === undefined ? [] : [{ code: "ARGO_PATH_EMPTY", at, ...problem }];
}

/** Why there is nothing to apply in a folder. */
function findEmptiness(
  { fields }: ApplicationSource,
  folder: string,
  { files }: Repository,
): Omit<PathFault, "at"> | undefined {
  if (fields["plugin"] !== undefined || files.has(resolvePath(folder, "Chart.yaml")))
    return undefined;
  const below = [...files].filter((file) => folder === "" || file.startsWith(`${folder}/`));
  const own = below.filter((file) => getFolder(file) === folder);
  if (own.some(isKustomizationFile)) return undefined;
  const name = folder === "" ? "the repository" : folder;
  const needed = fields["helm"] !== undefined ? "Chart.yaml" : "kustomization.yaml";
  if (fields["helm"] !== undefined || fields["kustomize"] !== undefined) {
    return { message: `${name} has no ${needed}`, fix: `Add it, or remove what is said for it` };
  }
  const isRecursive = getFields(fields, "directory")["recurse"] === true;
  if ((isRecursive ? below : own).some((file) => manifestFile.test(file))) return undefined;
  const isDeeper = below.some((file) => manifestFile.test(file));
  return {
    message: `${name} has no manifest`,
    ...(isDeeper ? { why: "those in folders below it are not read" } : {}),
    fix: isDeeper
      ? "Add `directory: { recurse: true }`, or a kustomization.yaml"
      : "Correct the path",
  };
}

/** Folders and files of this repository from which an ApplicationSet makes Applications. */
function findGeneratorFaults(
  { manifest }: Application,
  ours: ReadonlySet<string>,
  { files }: Repository,
): PathFault[] {
  if (manifest.kind !== "ApplicationSet") return [];
  const folders = new Set([...files].map(getFolder).flatMap(listParents));
  return listGitGenerators(manifest.value, ["spec"]).flatMap(({ git, at }) => {
    if (!ours.has(normalizeUrl(getText(git, "repoURL") ?? ""))) return [];
    return ["directories", "files"].flatMap((key) =>
      getList(git, key).flatMap((item, index) => {
        const path = getText(item, "path");
        if (path === undefined || isTemplate(path)) return [];
        if (getFields(item)["exclude"] === true) return [];
        const among = key === "files" ? files : folders;
        if ([...among].some((one) => matchesGlob(path, one, "/"))) return [];
        return [missing([...at, key, String(index), "path"], path)];
      }),
    );
  });
}

function listParents(folder: string): string[] {
  return folder === "" ? [] : [folder, ...listParents(getFolder(folder))];
}

function missing(at: DataPath, path: string, why?: string): PathFault {
  return {
    code: "ARGO_PATH_MISSING",
    at,
    message: `there is no folder "${path}" in this repository`,
    ...(why === undefined ? {} : { why }),
    fix: "Correct the path, which begins at the top of the repository",
  };
}
