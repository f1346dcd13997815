import type {
  LabelSelector,
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  Taint,
  Toleration,
} from "../objects.ts";
import { parseQuantity } from "../manifests/quantity.ts";

/**
 * Why a pod may not run on a node by its own selectors and the node's taints; empty when it may.
 * The rules are the scheduler's filters NodeAffinity and TaintToleration.
 */
export function findPlacementFaults(pod: Pod, node: Node): string[] {
  const labels = node.metadata.labels ?? {};
  const faults: string[] = [];
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) {
    if (labels[key] !== value) faults.push(`its nodeSelector wants ${key}=${value}`);
  }
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required !== undefined && !required.nodeSelectorTerms.some((term) => matches(term, node))) {
    faults.push("its required node affinity does not match");
  }
  for (const taint of node.spec?.taints ?? []) {
    if (taint.effect === "PreferNoSchedule") continue;
    if (!(pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint))) {
      faults.push(`it does not tolerate the taint ${taint.key}:${taint.effect}`);
    }
  }
  return faults;
}

/**
 * Pods that the pod must not share the target's topology with, by its own required anti-affinity
 * (the scheduler's filter InterPodAffinity); empty when there is none.
 */
export function findRivals(pod: Pod, target: Node, nodes: Node[], pods: Pod[]): Pod[] {
  const terms =
    pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const domainOf = new Map(nodes.map((node) => [node.metadata.name, node.metadata.labels ?? {}]));
  return pods.filter((other) => {
    if (isSame(other, pod) || other.spec.nodeName === undefined) return false;
    if (["Succeeded", "Failed"].includes(other.status?.phase ?? "")) return false;
    return terms.some(({ topologyKey, labelSelector, namespaces }) => {
      const among = namespaces ?? [pod.metadata.namespace ?? ""];
      const domain = domainOf.get(other.spec.nodeName ?? "")?.[topologyKey];
      return (
        domain !== undefined &&
        domain === target.metadata.labels?.[topologyKey] &&
        among.includes(other.metadata.namespace ?? "") &&
        selects(labelSelector, other.metadata.labels ?? {})
      );
    });
  });
}

function isSame(a: Pod, b: Pod): boolean {
  return a.metadata.namespace === b.metadata.namespace && a.metadata.name === b.metadata.name;
}

function selects(selector: LabelSelector | undefined, labels: Record<string, string>): boolean {
  if (selector === undefined) return false;
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((one) => fulfils(one, labels[one.key]))
  );
}

export interface Resources {
  /** Cores. */
  cpu: number;
  /** Bytes. */
  memory: number;
}

/** What a pod asks for: its containers together, or its largest init container. */
export function sumRequests(pod: Pod): Resources {
  function amount(resource: keyof Resources): number {
    const of = (container: Pod["spec"]["containers"][number]): number =>
      parseQuantity(container.resources?.requests?.[resource] ?? "0");
    const together = pod.spec.containers.reduce((sum, container) => sum + of(container), 0);
    return Math.max(together, ...(pod.spec.initContainers ?? []).map(of));
  }
  return { cpu: amount("cpu"), memory: amount("memory") };
}

/** What a node can still give: allocatable minus the requests of the pods that run on it. */
export function measureFree(node: Node, pods: Pod[]): Resources {
  const { cpu = "0", memory = "0" } = node.status?.allocatable ?? {};
  const free = { cpu: parseQuantity(cpu), memory: parseQuantity(memory) };
  for (const pod of pods) {
    if (pod.spec.nodeName !== node.metadata.name) continue;
    if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") continue;
    const requests = sumRequests(pod);
    free.cpu -= requests.cpu;
    free.memory -= requests.memory;
  }
  return free;
}

/** Whether one term of a node selector matches a node. */
export function matches(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((one) => fulfils(one, node.metadata.labels?.[one.key])) &&
    fields.every((one) =>
      fulfils(one, one.key === "metadata.name" ? node.metadata.name : undefined),
    )
  );
}

function fulfils(
  { operator, values = [] }: NodeSelectorRequirement,
  value: string | undefined,
): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (
    toleration.effect !== undefined &&
    toleration.effect !== "" &&
    toleration.effect !== taint.effect
  ) {
    return false;
  }
  if (toleration.key === undefined || toleration.key === "")
    return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}
