import { type Fields, getAt, getFields, getText } from "../../manifests/manifest.ts";
import { listContainers, type PodTemplate } from "../../manifests/pods.ts";
import type { DataPath } from "../../schema/explain.ts";

/** A pod, or one of its containers, with its security context. */
export interface Holder {
  at: DataPath;
  fields: Fields;
  /** Empty for the pod itself. */
  name: string;
  context: Fields;
}

/** A pod as the checks of the pod security standards look at it. */
export interface CheckedPod {
  pod: Holder;
  containers: readonly Holder[];
  annotations: Fields;
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

/** A part of a security context that is not as it has to be. */
export interface BadContext {
  at: DataPath;
  value: unknown;
  name: string;
}

export function toCheckedPod(template: PodTemplate): CheckedPod {
  const { at, spec, annotations } = template;
  const containers = listContainers(template).map((one) => toHolder(one.at, one.fields));
  return { pod: { ...toHolder(at, spec), name: "" }, containers, annotations };
}

function toHolder(at: DataPath, fields: Fields): Holder {
  const name = getText(fields, "name") ?? "";
  return { at, fields, name, context: getFields(fields, "securityContext") };
}

/** Where the security contexts of holders have what is bad under a path; `isBad` is asked of nothing, too. */
export function listBad(
  holders: readonly Holder[],
  path: readonly [string, ...string[]],
  isBad: (value: unknown) => boolean,
): BadContext[] {
  const bad: BadContext[] = [];
  for (const { at, name, context } of holders) {
    const first = context[path[0]];
    const value = path.length === 1 || first === undefined ? first : getAt(first, ...path.slice(1));
    if (isBad(value)) bad.push({ at: [...at, "securityContext", ...path], value, name });
  }
  return bad;
}

/** The pod and its containers. */
export function listHolders({ pod, containers }: CheckedPod): Holder[] {
  return [pod, ...containers];
}

/** Whether the pod has user namespaces, for which some checks are relaxed since Kubernetes 1.35. */
export function hasUserNamespace({ pod }: CheckedPod): boolean {
  return pod.fields["hostUsers"] === false;
}

export function isWindows({ pod }: CheckedPod): boolean {
  return getText(pod.fields, "os", "name") === "windows";
}
