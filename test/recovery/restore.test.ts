import t from "tap";
import { buildReport } from "../../lib/recovery/report.ts";
import { readStatus } from "../../lib/recovery/status.ts";
import { listStarts } from "../support/memory/outage.ts";
import { planRestoreOnly, runRestore, writeOn } from "../support/memory/run-restore.ts";
import {
  addBackup,
  addDeployment,
  addStatefulSet,
  rebuiltDatabase,
} from "../support/memory/workloads.ts";
import { createWorld, findPod, type MemoryWorld, source, target } from "../support/memory/world.ts";

async function createApps(): Promise<MemoryWorld> {
  const world = await createWorld();
  await addStatefulSet(world, "db", rebuiltDatabase);
  await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
  writeOn(world, "garbage");
  return world;
}

for (const [where, targetNode] of [
  [source, undefined],
  [target, target],
] as const) {
  t.test(`a living app gets the data of its backups back on ${where}`, async (t) => {
    const world = await createApps();

    const result = await runRestore(world, { restore: { targetNode } });

    if (result.kind !== "ran") throw new Error(result.kind);
    t.equal(result.outcome.state, "done", JSON.stringify(result.outcome.failure));
    t.equal(result.exitCode, 0);
    t.strictSame(listStarts(world).toSorted(), [
      `demo/base-db-0: base backup on ${where}`,
      `demo/data-db-0: rebuilt from base backup on ${where}`,
      `demo/uploads: pictures on ${where}`,
    ]);
    t.strictSame(world.controllers.wiped, [], "no folder was emptied");
    const kept = [...world.hosts.folders].filter(([, one]) => one.content === "garbage");
    t.equal(kept.length, 3, "what was there is there still");
    t.equal(findPod(world, "dr-"), undefined, "no pod of the run is left");
    t.equal(world.cluster.all("Schedule")[0]?.spec.paused, false, "the schedule goes on");
    const report = buildReport(result.plan, result.outcome, await readStatus(world));
    t.ok(report.volumes.every(({ state }) => state === "recovered"));
    t.equal(report.openItems.length, 3, "each old volume is told");
  });
}

t.test("one workload of an app can be restored, and the others run on", async (t) => {
  const world = await createApps();
  const result = await runRestore(world, { restore: { app: "demo/files" } });
  t.equal(result.exitCode, 0);
  t.strictSame(listStarts(world), [`demo/uploads: pictures on ${source}`]);
});

t.test("an Application stands for the namespace that it is for", async (t) => {
  const world = await createApps();
  await world.add({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "shop", namespace: "argocd" },
    spec: { destination: { namespace: "demo" } },
  } as never);
  const { plan } = await planRestoreOnly(world, { app: "shop" });
  t.equal(plan.units.length, 2);
});

t.test("a rebuilt cluster: what began empty gets what was there before", async (t) => {
  const world = await createApps();
  await addDeployment(world, "new", [{ name: "notes", content: "notes" }]);
  writeOn(world, "empty");

  const result = await runRestore(world, { restore: { app: undefined } });

  if (result.kind !== "ran") throw new Error(result.kind);
  t.equal(result.exitCode, 0, JSON.stringify(result.outcome.failure));
  t.strictSame(listStarts(world).toSorted(), [
    `demo/base-db-0: base backup on ${source}`,
    `demo/data-db-0: rebuilt from base backup on ${source}`,
    `demo/uploads: pictures on ${source}`,
  ]);
  t.strictSame(result.plan.leftAlone, ["demo/notes: no usable backup is older than this cluster"]);
  t.strictSame(result.plan.notRestored, []);

  const again = await planRestoreOnly(world, { app: undefined });
  t.strictSame(again.plan.units, [], "nothing is restored twice");
  t.equal(again.plan.leftAlone.filter((line) => line.endsWith("restored already")).length, 2);
});

t.test(
  "a rebuilt cluster: what only a person can decide is told, the rest comes back",
  async (t) => {
    const world = await createWorld();
    await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
    await addDeployment(world, "index", [{ name: "index", content: "index", backupAge: 300 }]);
    await addDeployment(world, "cache", [
      { name: "kept", content: "kept", backupAge: 300 },
      { name: "scratch", content: "scratch" },
    ]);
    await world.add({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "asleep", namespace: "demo" },
      spec: { accessModes: ["ReadWriteOnce"] },
    } as never);
    await addBackup(world, "asleep", { content: "asleep" }, 300);
    writeOn(world, "empty");
    await world.settle(100);
    await addBackup(world, "uploads", { content: "of this cluster" }, 10);

    const result = await runRestore(world, { restore: { app: undefined } });

    if (result.kind !== "ran") throw new Error(result.kind);
    t.equal(result.outcome.state, "done");
    t.strictSame(listStarts(world), [`demo/index: index on ${source}`]);
    t.strictSame(result.plan.notRestored, [
      "demo/uploads: backed up in this cluster, too; if what was before is meant: zx scripts/dr/restore-workload.ts --app demo/files --backup earlier",
      "demo/asleep: it has no volume yet, since no pod of it has started",
      'claim "demo/scratch" has no usable backup from before it was made: no backup of that kind holds this volume',
    ]);
    const report = buildReport(result.plan, result.outcome, await readStatus(world));
    t.equal(report.openItems.filter((item) => item.startsWith("not restored: ")).length, 3);
  },
);

t.test(
  "a copy that is much smaller than the one of the volume before is asked about",
  async (t) => {
    const world = await createWorld();
    await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 900 }]);
    await addBackup(world, "uploads", { content: "empty" }, 300);
    const [before, after] = world.cluster.all("PodVolumeBackup");
    const change = (name: string | undefined, uid: string, totalBytes: number) =>
      world.cluster.change(
        { kind: "PodVolumeBackup", name: name ?? "", namespace: "velero" },
        {
          metadata: { labels: { "velero.io/pvc-uid": uid } },
          status: { progress: { totalBytes } },
        },
      );
    change(before?.metadata.name, "first", 1000);
    change(after?.metadata.name, "second", 10);
    t.strictSame((await planRestoreOnly(world, { backup: "earlier" })).codes, [
      "RECOVERY_BACKUP_AMBIGUOUS",
    ]);
    const all = await planRestoreOnly(world, { app: undefined });
    t.equal(all.plan.notRestored.length, 1);
  },
);

t.test("a backup that began after the app began empty is not taken for the latest", async (t) => {
  const world = await createWorld();
  await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
  writeOn(world, "empty");
  await world.settle(100);
  await addBackup(world, "uploads", { content: "empty" }, 10);

  t.strictSame((await planRestoreOnly(world)).codes, ["RECOVERY_BACKUP_AMBIGUOUS"]);

  const named = await planRestoreOnly(world, { backup: "hourly-10-uploads" });
  t.strictSame(named.codes, []);
  t.equal((await runRestore(world, { restore: { backup: "earlier" } })).exitCode, 0);
  t.strictSame(listStarts(world), [`demo/uploads: pictures on ${source}`]);
  t.strictSame((await planRestoreOnly(world)).codes, [], "from now on latest is clear");
});
