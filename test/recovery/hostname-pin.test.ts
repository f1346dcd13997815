import t from "tap";
import type { NodeSelectorTerm } from "../../lib/objects.ts";
import {
  listPins,
  type Placement,
  renderMove,
  withoutPins,
} from "../../lib/recovery/hostname-pin.ts";

const host = "vps-aws-1";
const hostname = "kubernetes.io/hostname";

function require(...nodeSelectorTerms: NodeSelectorTerm[]): Placement {
  return {
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    },
  };
}

function oneOf(key: string, ...values: string[]): NodeSelectorTerm {
  return { matchExpressions: [{ key, operator: "In", values }] };
}

function both(a: NodeSelectorTerm, b: NodeSelectorTerm): NodeSelectorTerm {
  return { matchExpressions: [...(a.matchExpressions ?? []), ...(b.matchExpressions ?? [])] };
}

const stateful = oneOf("workload/stateful", "true");

t.test("a placement that allows only the host is pinned", async (t) => {
  t.strictSame(listPins({ nodeSelector: { [hostname]: host } }, host), ["nodeSelector"]);
  t.strictSame(listPins(require(oneOf(hostname, host)), host), [
    "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution",
  ]);
  t.equal(listPins(require(both(stateful, oneOf(hostname, host))), host).length, 1);
});

t.test("a placement that leaves a choice, or names another host, is not", async (t) => {
  const free = [
    {},
    { nodeSelector: { [hostname]: "vps-vultr-1" } },
    { nodeSelector: { "workload/stateful": "true" } },
    require(stateful),
    require(oneOf(hostname, host, "vps-vultr-1")),
    require(oneOf(hostname, host), stateful),
    require({ matchExpressions: [{ key: hostname, operator: "NotIn", values: [host] }] }),
  ];
  for (const placement of free) {
    t.strictSame(listPins(placement, host), [], JSON.stringify(placement));
    t.strictSame(withoutPins(placement, host), placement);
  }
});

const pinned: { name: string; placement: Placement; free: Placement }[] = [
  { name: "a selector", placement: { nodeSelector: { [hostname]: host } }, free: {} },
  {
    name: "a selector with another wish",
    placement: { nodeSelector: { [hostname]: host, "workload/stateful": "true" } },
    free: { nodeSelector: { "workload/stateful": "true" } },
  },
  { name: "an affinity", placement: require(oneOf(hostname, host)), free: {} },
  {
    name: "an affinity with another wish",
    placement: require(both(stateful, oneOf(hostname, host))),
    free: require(stateful),
  },
  {
    // A term without wishes matches no host at all.
    name: "an affinity of which nothing is left in one term",
    placement: require(both(stateful, oneOf(hostname, host)), oneOf(hostname, host)),
    free: {},
  },
  {
    name: "what stands beside it",
    placement: {
      affinity: {
        ...require(oneOf(hostname, host)).affinity,
        podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] },
      },
    },
    free: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] } } },
  },
];

for (const { name, placement, free } of pinned) {
  t.test(`a pin is taken out and put back: ${name}`, async (t) => {
    t.strictSame(withoutPins(placement, host), free);
    t.strictSame(listPins(free, host), []);
    const spec = { ...placement, containers: [{ name: "app", image: "app" }] };
    const freed = patch(spec, renderMove(spec, withoutPins(spec, host)));
    t.strictSame(freed, { ...free, containers: spec.containers });
    t.strictSame(patch(freed, renderMove(free, placement)), spec);
  });
}

t.test("what is not moved is not written", async (t) => {
  const affinity = require(stateful).affinity ?? {};
  const placement = { nodeSelector: { [hostname]: host }, affinity };
  t.strictSame(renderMove(placement, withoutPins(placement, host)), {
    nodeSelector: null,
  });
});

/** RFC 7386. */
function patch(target: unknown, change: unknown): unknown {
  if (typeof change !== "object" || change === null || Array.isArray(change)) return change;
  const result: Record<string, unknown> =
    typeof target === "object" && target !== null ? { ...target } : {};
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete result[key];
    else result[key] = patch(result[key], value);
  }
  return result;
}
