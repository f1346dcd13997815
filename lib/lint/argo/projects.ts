import {
  describeKind,
  getFields,
  getList,
  getText,
  type Manifest,
} from "../../manifests/manifest.ts";
import { matchesGlob } from "../../config/glob.ts";
import type { Repository } from "../rule.ts";
import { type Application, isTemplate, normalizeUrl } from "./applications.ts";

export const projectKind = "argoproj.io/AppProject";

/** The AppProjects of a repository by name. */
export function listProjects(repository: Repository): ReadonlyMap<string, Manifest> {
  const projects = repository.written.filter((manifest) => describeKind(manifest) === projectKind);
  return new Map(projects.map((manifest) => [manifest.name, manifest]));
}

/** The AppProject of an Application; undefined when this repository has none of that name. */
export function findProject(
  { spec }: Application,
  projects: ReadonlyMap<string, Manifest>,
): Manifest | undefined {
  const name = getText(spec, "project");
  return name === undefined || isTemplate(name) ? undefined : projects.get(name);
}

/** As AppProject.IsSourcePermitted of Argo CD 3.6 decides. */
export function permitsSource(project: Manifest, url: string): boolean {
  const text = normalizeUrl(url);
  const patterns = listTexts(getList(project.value, "spec", "sourceRepos"));
  const isDenied = patterns.some(
    (one) => one.startsWith("!") && matches(normalizeUrl(one.slice(1)), text, "/"),
  );
  return !isDenied && patterns.some((one) => fits(one, text));
}

/** `!` before a pattern permits what does not fit it. */
function fits(pattern: string, text: string): boolean {
  if (pattern.startsWith("!")) return !matches(normalizeUrl(pattern.slice(1)), text, "/");
  return matches(normalizeUrl(pattern), text, "/");
}

/** As AppProject.IsGroupKindNamePermitted of Argo CD 3.6 decides. */
export function permitsKind(
  project: Manifest,
  { kind, name, group }: { kind: string; name: string; group: string },
  isNamespaced: boolean,
): boolean {
  const spec = getFields(project.value, "spec");
  const scope = isNamespaced ? "namespace" : "cluster";
  function isListed(list: "Whitelist" | "Blacklist"): boolean {
    return getList(spec, `${scope}Resource${list}`).some((entry) => {
      const only = getText(entry, "name") ?? "";
      return (
        matches(getText(entry, "group") ?? "", group) &&
        matches(getText(entry, "kind") ?? "", kind) &&
        (only === "" || matches(only, name))
      );
    });
  }
  const isOpen = isNamespaced && spec["namespaceResourceWhitelist"] === undefined;
  return (isOpen || isListed("Whitelist")) && !isListed("Blacklist");
}

export interface Destination {
  server: string;
  name: string;
  namespace: string;
}

/** The cluster that Argo CD itself runs in, by its two names. */
export const inCluster = { name: "in-cluster", server: "https://kubernetes.default.svc" };

/** Where an Application goes; undefined when only an ApplicationSet knows. */
export function readDestination({ spec }: Application): Destination | undefined {
  const { name, server, namespace } = getFields(spec, "destination");
  const [one, other, space] = [name, server, namespace].map((value) =>
    typeof value === "string" ? value : "",
  );
  if (one === undefined || other === undefined || space === undefined) return undefined;
  if ([one, other, space].some(isTemplate)) return undefined;
  const isOurs = one === inCluster.name || other.replace(/\/$/, "") === inCluster.server;
  return isOurs
    ? { ...inCluster, namespace: space }
    : { name: one, server: other, namespace: space };
}

/** As AppProject.isDestinationMatched of Argo CD 3.6 decides. */
export function permitsDestination(project: Manifest, destination: Destination): boolean {
  let isPermitted = false;
  for (const item of getList(project.value, "spec", "destinations")) {
    const [name, server, namespace] = (["name", "server", "namespace"] as const).map((key) => ({
      fits:
        (key === "namespace" || destination[key] !== "") &&
        fitsOrNot(getText(item, key) ?? "", destination[key]),
      denies: (getText(item, key) ?? "").startsWith("!"),
    }));
    if (name === undefined || server === undefined || namespace === undefined) continue;
    const isCluster = server.fits || name.fits;
    if (isCluster && namespace.fits) isPermitted = true;
    else if (namespace.fits && ((!name.fits && name.denies) || (!server.fits && server.denies))) {
      return false;
    } else if (!namespace.fits && namespace.denies && server.fits) return false;
  }
  return isPermitted;
}

function fitsOrNot(pattern: string, text: string): boolean {
  return pattern.startsWith("!") ? !matches(pattern.slice(1), text) : matches(pattern, text);
}

function matches(pattern: string, text: string, separator?: string): boolean {
  return pattern === "*" || matchesGlob(pattern, text, separator);
}

function listTexts(items: readonly unknown[]): string[] {
  return items.filter((item) => typeof item === "string");
}
