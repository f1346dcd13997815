import { getAt, getText } from "../../manifests/manifest.ts";
import { type Container, listContainers, type PodTemplate } from "../../manifests/pods.ts";
import type { DataPath } from "../../schema/explain.ts";

/** A pod as the checks of the pod security standards look at it. */
export interface CheckedPod extends PodTemplate {
  containers: readonly Container[];
}

/** What a level of the standards forbids, or asks for in vain. */
export interface Violation {
  at: DataPath;
  part?: "key" | "value";
  /** What is wrong, as the end of a sentence that begins with the pod. */
  problem: string;
  fix: string;
}

export type Check = (pod: CheckedPod) => Violation[];

export function toCheckedPod(pod: PodTemplate): CheckedPod {
  return { ...pod, containers: listContainers(pod) };
}

/** The security contexts of a pod and of its containers that have the field under a path. */
export function listContexts(
  { at, spec, containers }: CheckedPod,
  ...path: string[]
): { at: DataPath; value: unknown }[] {
  return [{ at, fields: spec }, ...containers].flatMap((one) => {
    const value = getAt(one.fields, "securityContext", ...path);
    return value === undefined ? [] : [{ at: [...one.at, "securityContext", ...path], value }];
  });
}

/** The same of the containers alone, those without the field among them. */
export function listContainerContexts(
  { containers }: CheckedPod,
  ...path: string[]
): { at: DataPath; value: unknown; name: string }[] {
  return containers.map(({ at, fields }) => ({
    at: [...at, "securityContext", ...path],
    value: getAt(fields, "securityContext", ...path),
    name: getText(fields, "name") ?? "",
  }));
}

/** Whether the pod has user namespaces, for which some checks are relaxed since Kubernetes 1.35. */
export function hasUserNamespace({ spec }: CheckedPod): boolean {
  return spec["hostUsers"] === false;
}

export function isWindows({ spec }: CheckedPod): boolean {
  return getText(spec, "os", "name") === "windows";
}
