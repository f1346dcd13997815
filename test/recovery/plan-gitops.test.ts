import t from "tap";
import {
  changeApplication,
  createGitops,
  type GitopsWorld,
  pinnedByAffinity,
  pinnedBySelector,
} from "../support/memory/gitops.ts";
import { bringBack } from "../support/memory/outage.ts";
import { planOnly, runToEnd } from "../support/memory/run-failover.ts";
import { planRestoreOnly } from "../support/memory/run-restore.ts";
import { source, target } from "../support/memory/world.ts";

const db = { kind: "StatefulSet", namespace: "demo", name: "db" } as const;
const files = { kind: "Deployment", namespace: "demo", name: "files" } as const;

t.test("nothing is paused where Git has what the cluster has", async (t) => {
  const { plan, codes } = await planOnly(await createGitops());
  t.strictSame(codes, []);
  t.strictSame(plan.gitops, []);
});

t.test("two reasons make one pause, with what makes the Application", async (t) => {
  const world = await createGitops({
    db: pinnedBySelector,
    files: pinnedByAffinity,
    storage: "2Gi",
  });
  const { plan, codes } = await planOnly(world);
  t.strictSame(codes, [], "the pods fit the target once they are freed");
  t.strictSame(
    plan.gitops.map(({ name, claims, pins }) => ({
      name,
      claims,
      pins: pins.map((pin) => pin.name),
    })),
    [
      { name: "bootstrap", claims: [], pins: [] },
      { name: "apps", claims: [], pins: [] },
      { name: "demo", claims: ["demo/uploads"], pins: ["db", "files"] },
    ],
  );
  t.equal(plan.warnings.length, 3);
});

t.test("a pod that is freed is no rival of itself", async (t) => {
  const labelSelector = { matchLabels: { app: "db" } };
  const term = { topologyKey: "zone", labelSelector };
  const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
  const world = await createGitops({ db: { ...pinnedBySelector, affinity: { podAntiAffinity } } });
  for (const name of [source, target]) {
    world.cluster.change({ kind: "Node", name }, { metadata: { labels: { zone: "one" } } });
  }
  t.strictSame((await planOnly(world)).codes, []);
});

const unfree: { name: string; prepare(world: GitopsWorld): void }[] = [
  {
    name: "no Application has",
    prepare: (world) => changeApplication(world, "demo", { status: { resources: [] } }),
  },
  {
    name: "an Application has of another group",
    prepare(world) {
      const resources = [{ ...db, group: "apps.kruise.io", status: "Synced" }];
      changeApplication(world, "demo", { status: { resources } });
    },
  },
  {
    name: "replaces only a part of its pods",
    prepare(world) {
      const updateStrategy = { type: "RollingUpdate", rollingUpdate: { partition: 1 } };
      world.cluster.change(db, { spec: { updateStrategy } });
    },
  },
  {
    name: "replaces its pods when they are deleted",
    prepare(world) {
      world.cluster.change(db, { spec: { updateStrategy: { type: "OnDelete" } } });
    },
  },
];

for (const { name, prepare } of unfree) {
  t.test(`a pinned workload is refused that ${name}`, async (t) => {
    const world = await createGitops({ db: pinnedBySelector });
    world.argo.isDown = true;
    prepare(world);
    const { plan, codes } = await planOnly(world);
    t.strictSame(codes, ["RECOVERY_TARGET_NOT_ALLOWED"]);
    t.strictSame(plan.gitops, []);
  });
}

t.test("a pinned Deployment is refused whose roll-out is paused", async (t) => {
  const world = await createGitops({ files: pinnedByAffinity });
  world.cluster.change(files, { spec: { paused: true } });
  t.strictSame((await planOnly(world)).codes, ["RECOVERY_TARGET_NOT_ALLOWED"]);
});

t.test("Applications that make one another are a chain with an end", async (t) => {
  const world = await createGitops({ storage: "2Gi" });
  world.argo.isDown = true;
  const made = {
    group: "argoproj.io",
    kind: "Application",
    namespace: "argocd",
    name: "bootstrap",
  };
  const { resources = [] } =
    world.cluster.all("Application").find((one) => one.metadata.name === "demo")?.status ?? {};
  changeApplication(world, "demo", { status: { resources: [...resources, made] } });
  const { plan } = await planOnly(world);
  t.strictSame(plan.gitops.map((one) => one.name).toSorted(), ["apps", "bootstrap", "demo"]);
});

const unseen = {
  status: {
    sync: { status: "Unknown" },
    conditions: [{ type: "ComparisonError", message: "only dynamically provisioned" }],
    resources: [
      { kind: "PersistentVolumeClaim", namespace: "demo", name: "uploads", status: "Unknown" },
    ],
  },
};

t.test("what Argo CD cannot compare is paused, and told as that", async (t) => {
  const world = await createGitops();
  changeApplication(world, "demo", unseen);
  const { plan, codes } = await planOnly(world);
  t.strictSame(codes, []);
  t.strictSame(
    plan.gitops.map(({ name, claims }) => ({ name, claims })),
    ["bootstrap", "apps", "demo"].map((name) => ({ name, claims: [] })),
  );
  t.match(plan.warnings, [/cannot be seen, so it is paused for the move: .*dynamically/]);
  await bringBack(world);
  changeApplication(world, "demo", unseen);
  const restore = await planRestoreOnly(world, { app: "demo" });
  t.strictSame(restore.codes, [], "a restore is not held up by it");
  t.match(restore.plan.warnings, [/claims of Application demo otherwise cannot be seen/]);
});

t.test("an Application of a template that cannot be compared holds nobody up", async (t) => {
  const world = await createGitops();
  const owner = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "ApplicationSet",
    name: "all",
    uid: "1",
  };
  changeApplication(world, "demo", { metadata: { ownerReferences: [owner] }, ...unseen });
  t.strictSame((await planOnly(world)).codes, []);
  const state = structuredClone(unseen);
  for (const one of state.status.resources) one.status = "OutOfSync";
  changeApplication(world, "demo", state);
  t.strictSame((await planOnly(world)).codes, ["RECOVERY_GIT_GENERATED"]);
});

t.test("what a run has paused that was given up is this run's to resume", async (t) => {
  const world = await createGitops({ storage: "2Gi" });
  const annotations = {
    "argocd.argoproj.io/skip-reconcile": "true",
    "infra-k3s.io/paused-by": "gone",
  };
  changeApplication(world, "demo", { metadata: { annotations } });
  const { plan } = await planOnly(world);
  t.notMatch(plan.warnings.join("\n"), /is paused already/);
  t.equal((await runToEnd(world)).exitCode, 0);
  const left = world.cluster
    .all("Application")
    .filter(({ metadata }) => "infra-k3s.io/paused-by" in (metadata.annotations ?? {}));
  t.strictSame(left, []);
});
