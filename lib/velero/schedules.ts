import type { Schedule } from "../objects.ts";

/**
 * Whether a Schedule backs up anything of `namespace`. An empty list of namespaces means all, and
 * since Velero 1.18 a name may be a glob.
 */
export function touchesNamespace(schedule: Schedule, namespace: string): boolean {
  const { includedNamespaces = [], excludedNamespaces = [] } = schedule.spec.template;
  if (excludedNamespaces.some((glob) => matchesGlob(namespace, glob))) return false;
  if (includedNamespaces.length === 0) return true;
  return includedNamespaces.some((glob) => matchesGlob(namespace, glob));
}

/** Letters, digits and dashes are all that a namespace has, so only `*` and `?` mean anything. */
function matchesGlob(name: string, glob: string): boolean {
  const pattern = glob.replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${pattern}$`).test(name);
}
