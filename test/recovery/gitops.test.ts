import t from "tap";
import { refreshAnnotation } from "../../lib/argocd/names.ts";
import { buildReport } from "../../lib/recovery/report.ts";
import { readStatus } from "../../lib/recovery/status.ts";
import {
  allApplications,
  atBackup,
  changeApplication,
  createGitops,
  type DemoGit,
  findReady,
  type GitopsWorld,
  listDemo,
  listMarks,
  listPaused,
  listTemplatePins,
  moved,
  peekApplication,
  pinnedByAffinity,
  pinnedBySelector,
} from "../support/memory/gitops.ts";
import { listStarts } from "../support/memory/outage.ts";
import { type Ran, runFailover, runToEnd } from "../support/memory/run-failover.ts";
import { source } from "../support/memory/world.ts";

async function listOpen(world: GitopsWorld, { plan, outcome }: Ran): Promise<string> {
  return buildReport(plan, outcome, await readStatus(world)).openItems.join("\n");
}

const pinned: { name: string; git: DemoGit; workload: string; pod: string; field: RegExp }[] = [
  {
    name: "a StatefulSet by its selector",
    git: { db: pinnedBySelector },
    workload: "StatefulSet demo/db",
    pod: "db-0",
    field: /kubernetes\.io\/hostname: vps-aws-1 out of spec\.template\.spec\.nodeSelector/,
  },
  {
    name: "a Deployment by its affinity",
    git: { files: pinnedByAffinity },
    workload: "Deployment demo/files",
    pod: "files-",
    field: /spec\.template\.spec\.affinity\.nodeAffinity\.required/,
  },
];

for (const { name, git, workload, pod, field } of pinned) {
  t.test(`Git binds ${name}: it moves, and the run ends once Git has let go`, async (t) => {
    const world = await createGitops(git);
    const first = await runFailover(world);
    if (first.result.kind !== "ran") throw new Error(first.result.kind);
    t.match(first.said[0], `warning: Git binds ${workload} to ${source}`, "it is said before");
    t.match(first.said[0], "pause     Applications: bootstrap, apps, demo");
    t.equal(first.result.exitCode, 5);
    const { error } = first.result.outcome.failure ?? {};
    t.equal(error?.code, "RECOVERY_GIT_PINNED");
    t.match(error?.why, "Paused are: bootstrap, apps, demo");
    t.match(error?.fix, /in kubernetes\/demo, take/);
    t.match(error?.fix, field);
    t.strictSame(listStarts(world).toSorted(), moved);
    t.match(await listOpen(world, first.result), "Applications are paused: bootstrap, apps, demo");

    const running = findReady(world, pod)?.metadata.uid;
    t.type(running, "string");
    await world.settle(600);
    t.strictSame(world.argo.applied, [], "Argo CD has put nothing back");
    t.equal((await runToEnd(world)).exitCode, 5, "the same as long as Git is not changed");

    world.argo.git.set("demo", listDemo({}));
    await world.settle(60);
    t.strictSame(listPaused(world), allApplications, "a commit alone resumes nothing");
    const last = await runToEnd(world);
    t.equal(last.exitCode, 0, JSON.stringify(last.outcome.failure));
    await world.settle(600);
    t.strictSame(listMarks(world), []);
    t.strictSame(listTemplatePins(world), []);
    t.equal(peekApplication(world, "demo").status?.sync?.status, "Synced");
    t.equal(findReady(world, pod)?.metadata.uid, running, "the app was never restarted");
    t.strictSame(world.argo.applied, []);
  });
}

t.test("all that Git has to let go of is named at once", async (t) => {
  const world = await createGitops({ db: pinnedBySelector, files: pinnedByAffinity });
  const { error } = (await runToEnd(world)).outcome.failure ?? {};
  t.match(error?.message, "StatefulSet demo/db, Deployment demo/files");
  t.match(error?.fix, /nodeSelector of StatefulSet demo\/db; .* of Deployment demo\/files/);
});

t.test("a claim that Git has otherwise moves, with no sync in between", async (t) => {
  const world = await createGitops({ storage: "2Gi" });
  // Argo CD has been trying for a minute, and would go on while it is paused.
  t.ok(world.argo.tries.length > 5);
  const { result, events, said } = await runFailover(world);
  if (result.kind !== "ran") throw new Error(result.kind);
  t.equal(result.exitCode, 0, JSON.stringify(result.outcome.failure));
  t.match(said[0], 'warning: Git has claim "demo/uploads" otherwise');
  const [startedAt = 0, pausedAt = 0, resumedAt = 0] = [
    events.find((one) => one.kind === "step-started" && one.step === "pause-gitops")?.at,
    events.find((one) => one.kind === "step-done" && one.step === "pause-gitops")?.at,
    events.find((one) => one.kind === "step-started" && one.step === "resume-gitops")?.at,
  ];
  t.ok(pausedAt - startedAt < 5000, "what waits is not waited for");
  t.ok(resumedAt - pausedAt > 5000, "longer than between two tries");
  const between = world.argo.tries.filter(({ at }) => at > pausedAt && at < resumedAt);
  t.strictSame(between, []);
  t.strictSame(listStarts(world).toSorted(), moved);
  t.strictSame(listMarks(world), []);
  t.match(await listOpen(world, result), "Git has claim demo/uploads otherwise, as before");
  const tried = world.argo.tries.length;
  await world.settle(20);
  t.ok(world.argo.tries.length > tried, "Argo CD tries again, as before");
});

t.test("what makes an Application is paused before it, and resumed after it", async (t) => {
  const world = await createGitops({ storage: "2Gi" });
  const order: string[] = [];
  world.cluster.listeners.push((kind) => {
    if (kind !== "Application") return;
    for (const name of allApplications) {
      const refresh = peekApplication(world, name).metadata.annotations?.[refreshAnnotation];
      const isOn = !listPaused(world).includes(name);
      if (isOn && refresh === undefined) continue;
      const now = isOn ? `${name} on, ${refresh}` : `${name} paused`;
      if (order.findLast((one) => one.startsWith(name)) !== now) order.push(now);
    }
  });
  await runToEnd(world);
  t.strictSame(order.slice(-6), [
    "bootstrap paused",
    "apps paused",
    "demo paused",
    "demo on, hard",
    "apps on, hard",
    "bootstrap on, hard",
  ]);
});

t.test("a sync that begins in the moment of the pause is waited for", async (t) => {
  const world = await createGitops({ db: pinnedBySelector });
  let endedAt = 0;
  world.cluster.listeners.push((kind) => {
    if (kind !== "Application" || endedAt > 0 || !listPaused(world).includes("demo")) return;
    endedAt = world.clock.now() + 10_000;
    const operationState = { phase: "Running" };
    const begun = { operation: { sync: {} }, status: { operationState } };
    const ended = { operation: null, status: { operationState: { phase: "Succeeded" } } };
    world.clock.after(0.7, () => changeApplication(world, "demo", begun));
    world.clock.after(10, () => changeApplication(world, "demo", ended));
  });
  const { events } = await runFailover(world);
  const paused = events.find((one) => one.kind === "step-done" && one.step === "pause-gitops");
  t.ok((paused?.at ?? 0) >= endedAt);
});

t.test("a sync that is asked for during the pause does not begin with the look", async (t) => {
  const world = await createGitops({ db: pinnedBySelector });
  atBackup(world, () => changeApplication(world, "demo", { operation: { sync: {} } }));
  const { outcome } = await runToEnd(world);
  t.equal(outcome.failure?.error.code, "RECOVERY_GIT_PINNED");
  t.strictSame(world.argo.applied, []);
});

t.test("an Argo CD that is away keeps nobody from coming back", async (t) => {
  const world = await createGitops({ storage: "2Gi" });
  world.argo.isDown = true;
  // It died in the middle of a sync.
  changeApplication(world, "demo", {
    operation: { sync: {} },
    status: { operationState: { phase: "Running", finishedAt: null } },
  });
  const { outcome, exitCode } = await runToEnd(world);
  t.equal(exitCode, 0, JSON.stringify(outcome.failure));
  t.strictSame(listStarts(world).toSorted(), moved);
  t.strictSame(listPaused(world), []);
});

for (const [name, spoil] of [
  ["is away", (world: GitopsWorld) => (world.argo.isDown = true)],
  ["cannot build it", (world: GitopsWorld) => world.argo.git.set("demo", undefined)],
] as const) {
  t.test(`an Argo CD that ${name} does not resume what may still be pinned`, async (t) => {
    const world = await createGitops({ db: pinnedBySelector });
    atBackup(world, () => spoil(world));
    const { outcome, exitCode } = await runToEnd(world);
    t.equal(exitCode, 5);
    t.equal(outcome.failure?.error.code, "RECOVERY_GIT_UNSEEN");
    t.strictSame(listPaused(world), allApplications);
    world.argo.isDown = false;
    world.argo.git.set("demo", listDemo({}));
    t.equal((await runToEnd(world)).exitCode, 0);
    t.strictSame(listMarks(world), []);
  });
}
