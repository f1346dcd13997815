import type { NodeSelectorTerm, PodSpec } from "../objects.ts";
import type { MergePatch } from "../world.ts";
import { allowsOnly, namesHost } from "./find-volumes.ts";
import { hostnameLabel } from "./labels.ts";

/** The part of a pod, or of the template of one, that says where it may run. */
export type Placement = Pick<PodSpec, "nodeSelector" | "affinity">;

const required = "requiredDuringSchedulingIgnoredDuringExecution";

/** The fields of a placement that allow this host only; empty when there are none. */
export function listPins({ nodeSelector, affinity }: Placement, hostname: string): string[] {
  return [
    ...(nodeSelector?.[hostnameLabel] === hostname ? ["nodeSelector"] : []),
    ...(allowsOnly(affinity?.nodeAffinity?.[required], hostname)
      ? [`affinity.nodeAffinity.${required}`]
      : []),
  ];
}

/** The same placement without its pins, and without what is empty then. */
export function withoutPins(placement: Placement, hostname: string): Placement {
  const { nodeSelector = {}, affinity = {} } = structuredClone(placement);
  const { nodeAffinity = {} } = affinity;
  if (nodeSelector[hostnameLabel] === hostname) delete nodeSelector[hostnameLabel];
  const wanted = nodeAffinity[required];
  if (wanted !== undefined && allowsOnly(wanted, hostname)) {
    wanted.nodeSelectorTerms = wanted.nodeSelectorTerms.map((term) => withoutHost(term, hostname));
    // One of the terms is enough, and what wishes for nothing else may run anywhere.
    if (wanted.nodeSelectorTerms.some(isEmptyTerm)) delete nodeAffinity[required];
  }
  if (isEmpty(nodeAffinity)) delete affinity.nodeAffinity;
  return {
    ...(isEmpty(nodeSelector) ? {} : { nodeSelector }),
    ...(isEmpty(affinity) ? {} : { affinity }),
  };
}

/** The merge patch that makes one placement out of another; what else is in a pod's spec stays. */
export function renderMove(from: Placement, to: Placement): MergePatch {
  return renderChange(pickPlacement(from), pickPlacement(to));
}

function pickPlacement({ nodeSelector, affinity }: Placement): Fields {
  return { nodeSelector, affinity };
}

function withoutHost(term: NodeSelectorTerm, hostname: string): NodeSelectorTerm {
  const isHost = namesHost(hostname);
  const others = (term.matchExpressions ?? []).filter((one) => !isHost(one));
  return { ...term, matchExpressions: others };
}

function isEmptyTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): boolean {
  return matchExpressions.length + matchFields.length === 0;
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

type Fields = Readonly<Record<string, unknown>>;

function renderChange(from: Fields, to: Fields): MergePatch {
  const patch: MergePatch = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[key], to[key]];
    // What is not moved is not written: somebody else may have changed it by then.
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    if (after === undefined) patch[key] = null;
    else if (isFields(before) && isFields(after)) patch[key] = renderChange(before, after);
    else patch[key] = after;
  }
  return patch;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
