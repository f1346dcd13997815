import t from "tap";
import { buildReport } from "../../lib/recovery/report.ts";
import { readStatus, renderStatus } from "../../lib/recovery/status.ts";
import { refOf } from "../support/memory/cluster.ts";
import {
  allApplications,
  atBackup,
  changeApplication,
  createGitops,
  findReady,
  type GitopsWorld,
  listDemo,
  listMarks,
  listPaused,
  listTemplatePins,
  moved,
  pauseByHand,
  pinnedBySelector,
  resumeByHand,
} from "../support/memory/gitops.ts";
import { listStarts } from "../support/memory/outage.ts";
import { runFailover, runInterrupted, runToEnd } from "../support/memory/run-failover.ts";
import { findPod, source, target } from "../support/memory/world.ts";

t.test("what somebody else has paused is left alone", async (t) => {
  const world = await createGitops({ db: pinnedBySelector });
  pauseByHand(world, "demo");
  const { plan, outcome, exitCode } = await runToEnd(world);
  t.equal(exitCode, 0, JSON.stringify(outcome.failure));
  t.match(plan.warnings.join("\n"), "Application demo is paused already");
  t.strictSame((await readStatus(world)).applications, [{ name: "demo", namespace: "argocd" }]);
  t.match(renderStatus(await readStatus(world)), /Paused Applications[^]+demo +argocd +not by a/);
  const open = buildReport(plan, outcome, await readStatus(world)).openItems.join("\n");
  t.match(open, /before Application demo is resumed by who paused it: in kubernetes\/demo, take/);
  t.strictSame(listStarts(world).toSorted(), moved);
});

t.test("what somebody else has paused is left alone by an undo, too", async (t) => {
  const world = await createGitops({ db: pinnedBySelector });
  pauseByHand(world, "demo");
  world.hosts.restoreSeconds = 100;
  await runInterrupted(world, 60);
  t.equal((await runFailover(world, { abort: true })).result.exitCode, 0);
  t.strictSame(listPaused(world), ["demo"]);
});

t.test("somebody who pauses at the same moment is not taken for the run", async (t) => {
  const world = await createGitops({ storage: "2Gi" });
  const { find } = world.cluster;
  let isLate = false;
  world.cluster.find = async (ref) => {
    const found = await find(ref);
    if (!isLate && ref.name === "demo" && listPaused(world).length === 2) {
      isLate = true;
      pauseByHand(world, "demo");
    }
    return found;
  };
  t.equal((await runToEnd(world)).exitCode, 0);
  t.strictSame(listPaused(world), ["demo"]);
});

t.test("who resumes by hand has decided it", async (t) => {
  const world = await createGitops({ db: pinnedBySelector });
  t.equal((await runToEnd(world)).exitCode, 5);
  // To Argo CD that is a difference as well.
  const db = { nodeSelector: { "kubernetes.io/hostname": target } };
  world.argo.git.set("demo", listDemo({ db }));
  t.equal((await runToEnd(world)).outcome.failure?.error.code, "RECOVERY_GIT_PINNED");
  resumeByHand(world, allApplications);
  await world.settle(60);
  const { result, events } = await runFailover(world);
  t.equal(result.exitCode, 0);
  t.ok(events.some((one) => one.kind === "step-skipped" && one.step === "pause-gitops"));
  t.strictSame(listMarks(world), []);
  t.ok(findReady(world, "db-0"));
});

t.test("an interrupted run leaves a list of what is paused", async (t) => {
  const world = await createGitops({ storage: "2Gi" });
  world.hosts.restoreSeconds = 100;
  await runInterrupted(world, 60);
  const status = await readStatus(world);
  t.strictSame(
    status.applications,
    allApplications.map((name) => ({ name, namespace: "argocd", pausedBy: "run1" })),
  );
  t.match(renderStatus(status), /Paused Applications[^]+demo +argocd +run1/);
  // Killed while Argo CD was let compare: it may not sync, and that is the run's doing as well.
  const annotations = { "argocd.argoproj.io/skip-reconcile": null };
  changeApplication(world, "demo", { metadata: { annotations } });
  t.strictSame((await readStatus(world)).applications, status.applications);
});

t.test("an undone run leaves Git and the workloads as they were", async (t) => {
  const world = await createGitops({ db: pinnedBySelector, storage: "2Gi" });
  world.hosts.restoreSeconds = 100;
  await runInterrupted(world, 60);
  t.strictSame(listTemplatePins(world), [], "it was that far");
  const { result, events } = await runFailover(world, { abort: true });
  t.equal(result.exitCode, 0);
  t.match(JSON.stringify(events), /StatefulSet demo\/db bound to its host as before/);
  t.match(JSON.stringify(events), /Applications demo, apps, bootstrap go on/);
  t.strictSame(listTemplatePins(world), ["nodeSelector"]);
  const tried = world.argo.tries.length;
  await world.settle(20);
  t.strictSame(listMarks(world), []);
  t.ok(world.argo.tries.length > tried, "the sync that failed before goes on to do so");
});

t.test("a source that is alive has no workload freed and nothing left paused", async (t) => {
  const world = await createGitops({ db: pinnedBySelector, storage: "2Gi" });
  world.power.stop = async () => {};
  const { result, events } = await runFailover(world);
  t.equal(result.exitCode, 3);
  t.notMatch(JSON.stringify(events), /bound to its host as before/);
  await world.settle(20);
  t.strictSame(listTemplatePins(world), ["nodeSelector"]);
  t.strictSame(listMarks(world), []);
});

t.test("what somebody resumes before the cut-over is paused and freed again", async (t) => {
  const world = await createGitops({ db: pinnedBySelector });
  world.hosts.restoreSeconds = 100;
  world.clock.after(60, () => resumeByHand(world, allApplications));
  const { outcome } = await runToEnd(world);
  t.ok(world.argo.applied.length > 0, "Argo CD has put the pin back");
  t.equal(outcome.failure?.error.code, "RECOVERY_GIT_PINNED");
  t.strictSame(listPaused(world), allApplications);
  t.strictSame(listStarts(world).toSorted(), moved);
  t.ok(findReady(world, "db-0"));
});

t.test("a pod that waits for the lost host is made anew", async (t) => {
  const world = await createGitops({ db: pinnedBySelector });
  // Somebody has deleted the pod by force, and its StatefulSet replaces none that was never Ready.
  world.cluster.change({ kind: "Node", name: source }, { spec: { unschedulable: true } });
  world.cluster.remove({ kind: "Pod", namespace: "demo", name: "db-0" });
  await world.settle(10);
  t.equal(findPod(world, "db-0")?.spec.nodeName, undefined);
  await runToEnd(world);
  t.ok(findReady(world, "db-0"));
});

for (const [name, arrange] of [
  ["before the cut-over", (world: GitopsWorld, act: () => void) => void world.clock.after(60, act)],
  ["after it", atBackup],
] as const) {
  t.test(`an Application that is deleted ${name} is nobody's business any more`, async (t) => {
    const world = await createGitops({ db: pinnedBySelector });
    world.hosts.restoreSeconds = 100;
    arrange(world, () => {
      for (const one of world.cluster.all("Application")) world.cluster.remove(refOf(one));
    });
    const { outcome, exitCode } = await runToEnd(world);
    t.equal(exitCode, 0, JSON.stringify(outcome.failure));
    t.strictSame(listStarts(world).toSorted(), moved);
  });
}
