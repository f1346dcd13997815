import {
  describeKind,
  type Fields,
  getFields,
  getList,
  getText,
  isFields,
  type Manifest,
} from "../../manifests/manifest.ts";
import { resolvePath } from "../../manifests/kustomization.ts";
import type { DataPath } from "../../schema/explain.ts";
import { listFolders } from "../folders.ts";
import type { Repository } from "../rule.ts";
import { fillIn, listGitFolders, listGitGenerators, listParameters } from "./application-sets.ts";

/** An Application, or one that an ApplicationSet makes; where nobody can say which, its template. */
export interface Application {
  manifest: Manifest;
  /** Where its spec stands in the object. */
  at: DataPath;
  spec: Fields;
  sources: readonly ApplicationSource[];
}

export interface ApplicationSource {
  /** In the object. */
  at: DataPath;
  fields: Fields;
  /** The folder of this repository that it applies; undefined when it applies none. */
  folder: string | undefined;
  /** Whether its repoURL is that of this repository. */
  isOurs: boolean;
}

export const applicationKinds = ["argoproj.io/Application", "argoproj.io/ApplicationSet"];

/** The folders of this repository's layout that Argo CD reads. */
const ourFolders = /^kubernetes\/(?:bootstrap|infrastructure|apps)(?:\/|$)/;

const known = new WeakMap<Repository, readonly Application[]>();

/** The Applications of a repository, read once for all rules. */
export function listApplications(repository: Repository): readonly Application[] {
  const found = known.get(repository);
  if (found !== undefined) return found;
  const applications = buildApplications(repository);
  known.set(repository, applications);
  return applications;
}

/** Whether a value is known only when an ApplicationSet fills it in. */
export function isTemplate(value: string): boolean {
  return value.includes("{{");
}

/** A repository's URL in the one spelling that Argo CD compares (util/git.NormalizeGitURL). */
export function normalizeUrl(url: string): string {
  const lower = url.trim().toLowerCase();
  const ssh = /^(?:ssh:\/\/)?(?<user>[^/@]+@[^/:]+)[:/](?<path>.*)$/.exec(lower)?.groups;
  const plain = ssh === undefined ? lower : `${ssh["user"]}/${ssh["path"]}`;
  return plain.replace(/\.git$/, "");
}

/** Whether Argo CD makes the namespace of an Application where it is not there. */
export function createsNamespace({ spec }: Application): boolean {
  return getList(spec, "syncPolicy", "syncOptions").includes("CreateNamespace=true");
}

/** The URLs of this repository, normalized: those with a path that is here or of our layout. */
export function listOurUrls(repository: Repository): ReadonlySet<string> {
  const folders = listFolders(repository);
  const ours = new Set<string>();
  for (const { spec, at } of repository.written.flatMap(readSpec)) {
    for (const { fields } of listSources(spec, at)) {
      const path = getText(fields, "path");
      if (path === undefined || path === "." || fields["chart"] !== undefined) continue;
      const isHere = folders.has(resolvePath("", path)) || ourFolders.test(path);
      if (isHere) ours.add(normalizeUrl(getText(fields, "repoURL") ?? ""));
    }
  }
  for (const { value } of repository.written.filter(isSet)) {
    for (const { git } of listGitGenerators(value, ["spec"])) {
      if (listGitFolders(git, repository).length === 0) continue;
      ours.add(normalizeUrl(getText(git, "repoURL") ?? ""));
    }
  }
  return ours;
}

function buildApplications(repository: Repository): Application[] {
  const ours = listOurUrls(repository);
  const isOurUrl = (url: string) => ours.has(normalizeUrl(url));
  const written = repository.written.flatMap(readSpec).flatMap((application) => {
    if (!isSet(application.manifest)) return [application];
    const made = listParameters(application.manifest.value, repository, isOurUrl);
    if (made.length === 0) return [application];
    return made.map((one) => ({ ...application, spec: getFields(fillIn(application.spec, one)) }));
  });
  return written.map((application) => ({
    ...application,
    sources: listSources(application.spec, application.at).map(({ at, fields }) => {
      const path = getText(fields, "path");
      const isOurs = isOurUrl(getText(fields, "repoURL") ?? "");
      const isKnown = isOurs && path !== undefined && !isTemplate(path);
      return { at, fields, isOurs, folder: isKnown ? resolvePath("", path) : undefined };
    }),
  }));
}

function isSet(manifest: Manifest): boolean {
  return describeKind(manifest) === "argoproj.io/ApplicationSet";
}

function readSpec(manifest: Manifest): Omit<Application, "sources">[] {
  const kind = describeKind(manifest);
  if (!applicationKinds.includes(kind)) return [];
  const at = kind === "argoproj.io/Application" ? ["spec"] : ["spec", "template", "spec"];
  return [{ manifest, at, spec: getFields(manifest.value, ...at) }];
}

function listSources(spec: Fields, at: DataPath): { at: DataPath; fields: Fields }[] {
  const one = spec["source"];
  const many = getList(spec, "sources").flatMap((fields, index) =>
    isFields(fields) ? [{ at: [...at, "sources", String(index)], fields }] : [],
  );
  return isFields(one) ? [{ at: [...at, "source"], fields: one }, ...many] : many;
}
