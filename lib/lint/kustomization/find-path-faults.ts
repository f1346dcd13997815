import {
  getFolder,
  type Kustomization,
  listSecretFiles,
  namesObjects,
  type Reference,
} from "../../manifests/kustomization.ts";
import type { Manifest } from "../../manifests/manifest.ts";
import { isOffFolder } from "../argo/running-charts.ts";
import { isTextFolder } from "../claims.ts";
import { listFolders } from "../folders.ts";
import type { KustomizeTree } from "../kustomize-tree.ts";
import type { Repository, RepositoryFault } from "../rule.ts";
import { isUnmade } from "./unmade-secrets.ts";

/** What is wrong with the paths that a kustomization names. */
export function findPathFaults(
  kustomization: Kustomization,
  tree: KustomizeTree,
  repository: Repository,
): RepositoryFault[] {
  const { references, manifest } = kustomization;
  const seen = new Map<string, Reference>();
  return references.flatMap((reference) => {
    const name = `${reference.use} ${reference.target}`;
    const earlier = seen.get(name);
    seen.set(name, reference);
    const fault =
      findMissing(kustomization, reference, tree, repository) ??
      findCycle(kustomization, reference, tree) ??
      (namesObjects(reference) && earlier !== undefined ? twice(reference) : undefined);
    return fault === undefined
      ? []
      : [{ manifest, at: reference.at, part: "value" as const, ...fault }];
  });
}

/** The files that a generator of ksops decrypts, where they are not there. */
export function findMissingSecrets(manifest: Manifest, repository: Repository): RepositoryFault[] {
  if (manifest.kind !== "ksops") return [];
  const { files } = repository;
  return listSecretFiles(manifest)
    .filter(({ target }) => !files.has(target) && !target.startsWith(".."))
    .filter(({ target }) => !isUnmade(target, files))
    .filter(() => !isOffFolder(getFolder(manifest.file), repository))
    .map(({ at, written }) => ({ manifest, at, part: "value", ...secretMissing(written) }));
}

interface PathFault {
  code: string;
  message: string;
  why?: string;
  fix: string;
}

function findMissing(
  { folder }: Kustomization,
  reference: Reference,
  { kustomizations }: KustomizeTree,
  repository: Repository,
): PathFault | undefined {
  const { target, written, use } = reference;
  if (written.startsWith("/")) return missing(written, "kustomize takes no path from the root");
  // Nobody sees from here what is above the judged folder.
  if (target === ".." || target.startsWith("../")) return undefined;
  if (repository.files.has(target)) {
    if (use === "component") return missing(written, "a component is a folder");
    return folder === "" || target.startsWith(`${folder}/`) ? undefined : outside(written);
  }
  if (!listFolders(repository).has(target)) return missing(written);
  if (use === "generator" || use === "transformer") return undefined;
  if (!namesObjects(reference)) return missing(written, "it is a folder, and no file");
  const inner = kustomizations.get(target)?.manifest;
  // Nobody has read what such a folder has.
  if (inner === undefined && isTextFolder(target)) return undefined;
  if (inner === undefined) return missing(written, "the folder has no kustomization.yaml");
  const isComponent = inner.kind === "Component";
  if (isComponent === (use === "component")) return undefined;
  return {
    code: "KUSTOMIZATION_KIND",
    message: `"${written}" is a ${inner.kind}`,
    why: `kustomize takes a ${inner.kind} only from ${isComponent ? "components" : "resources"}`,
    fix: `Move it to ${isComponent ? "components" : "resources"}`,
  };
}

/** A kustomization that, by way of others, takes in itself. */
function findCycle(
  kustomization: Kustomization,
  reference: Reference,
  tree: KustomizeTree,
): PathFault | undefined {
  const visited = new Set<string>();
  function leadsBack(folder: string): boolean {
    if (folder === kustomization.folder) return true;
    const inner = tree.kustomizations.get(folder);
    if (inner === undefined || visited.has(folder)) return false;
    visited.add(folder);
    return inner.references.filter(namesObjects).some(({ target }) => leadsBack(target));
  }
  if (!namesObjects(reference) || !leadsBack(reference.target)) return undefined;
  return {
    code: "KUSTOMIZATION_CYCLE",
    message: `"${reference.written}" leads back to this kustomization`,
    fix: "Take out one of the two",
  };
}

function missing(written: string, why?: string): PathFault {
  return {
    code: "KUSTOMIZATION_PATH_MISSING",
    message: `there is nothing to read at "${written}"`,
    ...(why === undefined ? {} : { why }),
    fix: "Correct the path, which begins at the folder of this file; or remove it",
  };
}

function secretMissing(written: string): PathFault {
  return {
    ...missing(written),
    why: "ksops has nothing to decrypt, and kustomize builds nothing of the whole folder",
    fix: "Make it by sops edit, if it is an app's; run scripts/setup/init-secrets.ts, which makes those of the infrastructure; or correct the path",
  };
}

function outside(written: string): PathFault {
  return {
    code: "KUSTOMIZATION_PATH_OUTSIDE",
    message: `the file "${written}" lies outside of this folder`,
    why: "kustomize reads files only in or below the folder of the kustomization",
    fix: "Name the folder that has it, with a kustomization.yaml of its own; or move the file",
  };
}

function twice({ written }: Reference): PathFault {
  return {
    code: "KUSTOMIZATION_PATH_TWICE",
    message: `"${written}" is listed a second time`,
    why: "kustomize refuses to add the same object twice",
    fix: "Keep one of them",
  };
}
