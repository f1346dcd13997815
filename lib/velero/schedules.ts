import { matchesGlob } from "../config/glob.ts";
import type { Schedule } from "../objects.ts";

/** Whether a Schedule backs up anything of `namespace`. */
export function touchesNamespace(schedule: Schedule, namespace: string): boolean {
  const { includedNamespaces = [], excludedNamespaces = [] } = schedule.spec.template;
  return isSelected(namespace, includedNamespaces, excludedNamespaces);
}

/** Names of the Schedules that run and back up anything of these namespaces. */
export function listRunning(
  schedules: readonly Schedule[],
  namespaces: readonly string[],
): string[] {
  return schedules
    .filter(({ spec }) => spec.paused !== true)
    .filter((schedule) => namespaces.some((one) => touchesNamespace(schedule, one)))
    .map(({ metadata }) => metadata.name);
}

/**
 * Whether a namespace is among the included ones and not among the excluded ones. No included one
 * means all, and since Velero 1.18 a name may be a glob.
 */
export function isSelected(
  namespace: string,
  included: readonly string[],
  excluded: readonly string[],
): boolean {
  if (excluded.some((glob) => matchesGlob(glob, namespace))) return false;
  return included.length === 0 || included.some((glob) => matchesGlob(glob, namespace));
}
