import t from "tap";
import type { Node, Pod } from "../../lib/objects.ts";
import { nameFolder, nameObject } from "../../lib/recovery/names.ts";
import { findPlacementFaults, measureFree, sumRequests } from "../../lib/recovery/place-pod.ts";
import { findStoragePath } from "../../lib/recovery/plan-target.ts";
import { largestQuantity, parseQuantity } from "../../lib/manifests/quantity.ts";
import { renderSeconds } from "../../lib/recovery/render-plan.ts";

t.test("quantities", async (t) => {
  t.equal(parseQuantity("1Gi"), 2 ** 30);
  t.equal(parseQuantity("1G"), 1e9);
  t.equal(parseQuantity("250m"), 0.25);
  t.equal(parseQuantity("1e3"), 1000);
  t.equal(parseQuantity("1.5Ti"), 1.5 * 2 ** 40);
  t.equal(parseQuantity(".5"), 0.5);
  for (const text of ["", "Gi", "1 Gi", "1gi", "x1"]) {
    t.throws(() => parseQuantity(text), { code: "CLUSTER_QUANTITY_INVALID" }, `"${text}"`);
  }
  t.equal(largestQuantity(["1Gi", undefined, "1100M", "512Mi"]), "1100M");
  t.equal(largestQuantity([undefined]), undefined);
});

t.test("names of folders and objects", async (t) => {
  const claim = { namespace: "demo", name: "data" };
  t.equal(nameFolder("abc123", claim), "dr-abc123.demo.data");
  const long = { namespace: "n".repeat(63), name: "p".repeat(253) };
  const other = { ...long, name: `${"p".repeat(252)}q` };
  t.equal(nameFolder("abc123", long).length, 255, "as long as a file name may be");
  t.not(nameFolder("abc123", long), nameFolder("abc123", other), "cut names do not meet");
  t.not(
    nameObject("r", "volume", { namespace: "a-b", name: "c" }),
    nameObject("r", "volume", { namespace: "a", name: "b-c" }),
  );
  t.ok(nameObject("abc123", "restore", long).length <= 63, "fits a pod's and a label's name");
});

function makeNode(change: Partial<Node> = {}): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "b", labels: { zone: "eu", cores: "4" } },
    status: { allocatable: { cpu: "2", memory: "4Gi" } },
    ...change,
  };
}

function makePod(spec: Partial<Pod["spec"]>, nodeName?: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }), ...spec },
  };
}

function withAffinity(
  key: string,
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt",
  values: string[] = [],
): Pod {
  const nodeSelectorTerms = [{ matchExpressions: [{ key, operator, values }] }];
  return makePod({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    },
  });
}

t.test("selectors and affinity", async (t) => {
  const allowed: Pod[] = [
    makePod({}),
    makePod({ nodeSelector: { zone: "eu" } }),
    withAffinity("zone", "In", ["us", "eu"]),
    withAffinity("zone", "NotIn", ["us"]),
    withAffinity("gpu", "NotIn", ["yes"]),
    withAffinity("zone", "Exists"),
    withAffinity("gpu", "DoesNotExist"),
    withAffinity("cores", "Gt", ["2"]),
    withAffinity("cores", "Lt", ["8"]),
  ];
  for (const pod of allowed)
    t.strictSame(findPlacementFaults(pod, makeNode()), [], JSON.stringify(pod.spec));
  const refused: Pod[] = [
    makePod({ nodeSelector: { zone: "us" } }),
    withAffinity("zone", "In", ["us"]),
    withAffinity("zone", "NotIn", ["eu"]),
    withAffinity("gpu", "Exists"),
    withAffinity("zone", "DoesNotExist"),
    withAffinity("cores", "Gt", ["4"]),
    withAffinity("cores", "Lt", ["4"]),
  ];
  for (const pod of refused)
    t.equal(findPlacementFaults(pod, makeNode()).length, 1, JSON.stringify(pod.spec));
});

t.test("taints and tolerations", async (t) => {
  const tainted = makeNode({
    spec: { taints: [{ key: "db", value: "only", effect: "NoSchedule" }] },
  });
  t.equal(findPlacementFaults(makePod({}), tainted).length, 1);
  for (const toleration of [
    { operator: "Exists" },
    { key: "db", operator: "Exists" },
    { key: "db", value: "only" },
    { key: "db", value: "only", effect: "NoSchedule" },
  ] as const) {
    t.strictSame(findPlacementFaults(makePod({ tolerations: [toleration] }), tainted), []);
  }
  for (const toleration of [
    { key: "db" },
    { key: "db", value: "other" },
    { key: "db", operator: "Exists", effect: "NoExecute" },
    { key: "other", operator: "Exists" },
  ] as const) {
    t.equal(findPlacementFaults(makePod({ tolerations: [toleration] }), tainted).length, 1);
  }
  const preferred = makeNode({ spec: { taints: [{ key: "db", effect: "PreferNoSchedule" }] } });
  t.strictSame(findPlacementFaults(makePod({}), preferred), []);
});

t.test(
  "requests: containers together, or the largest init container; ended pods are free",
  async (t) => {
    const container = (cpu: string, memory: string) => ({
      name: "c",
      image: "i",
      resources: { requests: { cpu, memory } },
    });
    const pod = makePod(
      {
        containers: [container("250m", "1Gi"), container("250m", "1Gi")],
        initContainers: [container("1", "1Gi")],
      },
      "b",
    );
    t.strictSame(sumRequests(pod), { cpu: 1, memory: 2 * 2 ** 30 });
    t.strictSame(
      measureFree(makeNode(), [pod, makePod({ containers: [container("2", "1Gi")] }, "other")]),
      {
        cpu: 1,
        memory: 2 * 2 ** 30,
      },
    );
    t.equal(measureFree(makeNode(), [{ ...pod, status: { phase: "Succeeded" } }]).cpu, 2);
  },
);

t.test("local-path's folder on a node", async (t) => {
  const config = (nodePathMap: unknown) => ({
    apiVersion: "v1",
    kind: "ConfigMap" as const,
    metadata: { name: "local-path-config" },
    data: { "config.json": JSON.stringify({ nodePathMap }) },
  });
  const fallback = { node: "DEFAULT_PATH_FOR_NON_LISTED_NODES", paths: ["/default"] };
  t.equal(findStoragePath(config([fallback, { node: "b", paths: ["/b"] }]), "b"), "/b");
  t.equal(findStoragePath(config([fallback]), "b"), "/default");
  t.equal(findStoragePath(config([]), "b"), undefined);
  t.equal(findStoragePath(undefined, "b"), undefined);
});

t.test("times for people", async (t) => {
  t.equal(renderSeconds(90), "90 s");
  t.equal(renderSeconds(600), "10 min");
  t.equal(renderSeconds(3725), "62 min");
  t.equal(renderSeconds(7500), "2 h 05 min");
});
