import type { ErrorDetails } from "../errors.ts";
import { isNodeReady, type Node, type Pod } from "../objects.ts";
import { findPlacementFaults, findRivals, measureFree, sumRequests } from "./place-pod.ts";
import type { ClusterState } from "./state.ts";

/** A kubelet tells at most so many images (nodeStatusMaxImages), the largest ones first. */
const maxImagesTold = 50;

/** What the target must be able to carry. */
export interface TargetDemand {
  pods: Pod[];
  /** Bytes to restore. */
  bytes: number;
  freeSpaceFactor: number;
  /** Undefined when it could not be read. */
  freeBytes: number | undefined;
  restoreImage: string;
}

/** Why the target cannot take workloads of `sources`, and what could not be made sure. */
export function checkTarget(
  state: ClusterState,
  sources: readonly Node[],
  target: Node,
  demand: TargetDemand,
): { blockers: ErrorDetails[]; warnings: string[] } {
  const { name } = target.metadata;
  const blockers: ErrorDetails[] = [];
  const warnings: string[] = [];
  if (!isNodeReady(target)) {
    blockers.push({
      code: "RECOVERY_TARGET_NOT_READY",
      message: `target node "${name}" is not Ready`,
      fix: `Choose another --target-node, one of: ${listOthers(state, sources)}`,
    });
  }
  if (target.spec?.unschedulable === true) {
    blockers.push({
      code: "RECOVERY_TARGET_CORDONED",
      message: `target node "${name}" is cordoned`,
      fix: `kubectl uncordon ${name}, or choose another --target-node`,
    });
  }
  const architecture = readArchitecture(target);
  const other = sources.find((node) => readArchitecture(node) !== architecture);
  if (other !== undefined) {
    blockers.push({
      code: "RECOVERY_TARGET_ARCHITECTURE",
      message: `target node "${name}" is ${architecture}, the source is ${readArchitecture(other)}`,
      fix: "Choose a --target-node of the same architecture",
    });
  }
  for (const pod of demand.pods) {
    const rivals = findRivals(pod, target, state.nodes, state.pods);
    const faults = [
      ...findPlacementFaults(pod, target),
      ...rivals.map((rival) => `it must not run beside pod ${rival.metadata.name}`),
    ];
    if (faults.length === 0) continue;
    blockers.push({
      code: "RECOVERY_TARGET_NOT_ALLOWED",
      message: `pod "${pod.metadata.namespace}/${pod.metadata.name}" may not run on "${name}"`,
      why: faults.join("; "),
      fix: "Choose another --target-node, or change the workload's selectors, affinity or tolerations",
    });
  }
  blockers.push(...checkRequests(state, target, demand.pods));
  const space = checkSpace(name, demand);
  blockers.push(...space.blockers);
  warnings.push(...space.warnings);
  const images = checkImage(target, demand.restoreImage);
  blockers.push(...images.blockers);
  warnings.push(...images.warnings);
  return { blockers, warnings };
}

function checkRequests(state: ClusterState, target: Node, pods: Pod[]): ErrorDetails[] {
  const free = measureFree(target, state.pods);
  const wanted = { cpu: 0, memory: 0 };
  for (const pod of pods) {
    const requests = sumRequests(pod);
    wanted.cpu += requests.cpu;
    wanted.memory += requests.memory;
  }
  const short: string[] = [];
  if (wanted.cpu > free.cpu) short.push(`${wanted.cpu} cores of ${free.cpu} free`);
  if (wanted.memory > free.memory)
    short.push(`${wanted.memory} bytes of memory of ${free.memory} free`);
  if (short.length === 0) return [];
  return [
    {
      code: "RECOVERY_TARGET_TOO_SMALL",
      message: `target node "${target.metadata.name}" cannot give what the workloads request`,
      why: short.join("; "),
      fix: "Choose a larger --target-node, or move something off it first",
    },
  ];
}

function checkSpace(
  target: string,
  demand: TargetDemand,
): { blockers: ErrorDetails[]; warnings: string[] } {
  const wanted = Math.ceil(demand.bytes * demand.freeSpaceFactor);
  if (demand.freeBytes === undefined) {
    return {
      blockers: [],
      warnings: [
        `the free space of "${target}" could not be read; each restore pod checks it before it writes`,
      ],
    };
  }
  if (demand.freeBytes >= wanted) return { blockers: [], warnings: [] };
  return {
    blockers: [
      {
        code: "RECOVERY_TARGET_NO_SPACE",
        message: `target node "${target}" has too little free space for the volumes`,
        why: `${demand.freeBytes} bytes are free, ${wanted} are wanted (${demand.bytes} x ${demand.freeSpaceFactor})`,
        fix: "Choose another --target-node, or free space there",
      },
    ],
    warnings: [],
  };
}

function checkImage(target: Node, image: string): { blockers: ErrorDetails[]; warnings: string[] } {
  const known = target.status?.images ?? [];
  const found = known.some(({ names }) =>
    names?.some((name) => name === image || name.endsWith(`/${image}`)),
  );
  if (found) return { blockers: [], warnings: [] };
  const { name } = target.metadata;
  if (known.length >= maxImagesTold) {
    return {
      blockers: [],
      warnings: [`whether "${name}" has the image ${image} could not be seen`],
    };
  }
  return {
    blockers: [
      {
        code: "RECOVERY_TARGET_NO_IMAGE",
        message: `target node "${name}" does not have the restore image ${image}`,
        why: "it is loaded ahead, since no registry may be reachable in an outage",
        fix: `ansible-playbook ansible/playbooks/k3s-worker.yml --limit ${name}`,
      },
    ],
    warnings: [],
  };
}

function readArchitecture(node: Node): string {
  return node.status?.nodeInfo?.architecture ?? "?";
}

function listOthers(state: ClusterState, sources: readonly Node[]): string {
  const others = state.nodes.filter(
    (node) => !sources.includes(node) && isNodeReady(node) && !node.spec?.unschedulable,
  );
  return others.map((node) => node.metadata.name).join(", ") || "none is Ready";
}
