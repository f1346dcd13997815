import { getFields, getText } from "../../manifests/manifest.ts";
import { matchesGlob } from "../../config/glob.ts";
import { listPlacedObjects, type PlacedObject } from "../placed-objects.ts";
import { getKustomizeTree } from "../kustomize-tree.ts";
import type { Repository } from "../rule.ts";
import type { Application, ApplicationSource } from "./applications.ts";

/** The objects that an Application applies from this repository. */
export function listAppliedObjects(
  application: Application,
  repository: Repository,
): PlacedObject[] {
  if (application.sources.every(({ folder }) => folder === undefined)) return [];
  return listPlacedObjects(repository).filter((object) => applies(application, object, repository));
}

/** Whether an Application applies an object, from a kustomization or from a folder as it is. */
export function applies(
  { sources }: Application,
  object: PlacedObject,
  repository: Repository,
): boolean {
  const { kustomizations } = getKustomizeTree(repository);
  return sources.some((source) => {
    if (object.way.length > 0) return source.folder === object.root;
    // Of a folder with a kustomization Argo CD reads nothing else.
    if (source.folder !== undefined && kustomizations.has(source.folder)) return false;
    return reads(source, object);
  });
}

/** Whether a folder that Argo CD reads as it is has the object, with what it includes and excludes. */
function reads({ folder, fields }: ApplicationSource, { root, manifest }: PlacedObject): boolean {
  if (folder === undefined) return false;
  const directory = getFields(fields, "directory");
  const isBelow = folder === "" || root.startsWith(`${folder}/`);
  if (root !== folder && !(isBelow && directory["recurse"] === true)) return false;
  const path = folder === "" ? manifest.file : manifest.file.slice(folder.length + 1);
  const included = getText(directory, "include") ?? "";
  const excluded = getText(directory, "exclude") ?? "";
  return (included === "" || matchesGlob(included, path)) && !matchesGlob(excluded, path);
}
