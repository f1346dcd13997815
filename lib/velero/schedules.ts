import type { Schedule } from "../objects.ts";

/** Whether a Schedule backs up anything of `namespace`; an empty list of namespaces means all. */
export function touchesNamespace(schedule: Schedule, namespace: string): boolean {
  const { includedNamespaces, excludedNamespaces } = schedule.spec.template;
  const included = includedNamespaces ?? [];
  if ((excludedNamespaces ?? []).includes(namespace)) return false;
  return included.length === 0 || included.includes("*") || included.includes(namespace);
}
