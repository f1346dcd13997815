import { describeKind, isKustomizationFile } from "../manifests/manifest.ts";
import { builtInNamespaces } from "./built-in-namespaces.ts";
import type { Repository } from "./rule.ts";

/**
 * Whether rules duplicate-object and namespace-missing may find something: two objects of one name, a
 * namespace that is missing or that nobody declares; and wherever kustomize or Argo CD has a say in
 * names. A yes costs time only; a no has to be right.
 */
export function hasSuspectNames(repository: Repository): boolean {
  const { manifests, files } = repository;
  for (const file of files) if (isKustomizationFile(file)) return true;
  const declared = new Set(builtInNamespaces);
  for (const { kind, apiVersion, name } of manifests) {
    if (kind === "Namespace" && apiVersion === "v1") declared.add(name);
  }
  const seen = new Set<string>();
  for (const manifest of manifests) {
    const { apiVersion, name, namespace } = manifest;
    if (apiVersion.startsWith("argoproj.io/")) return true;
    const isNamespaced = repository.isNamespaced(manifest);
    if (isNamespaced === undefined || isNamespaced !== (namespace !== undefined)) return true;
    if (namespace !== undefined && !declared.has(namespace)) return true;
    const key = `${describeKind(manifest)} ${namespace ?? ""} ${name}`;
    if (name !== "" && seen.has(key)) return true;
    seen.add(key);
  }
  return false;
}
