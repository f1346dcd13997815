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
  await addDeployment(world, "new", [{ name: "notes", content: "notes", backupAge: undefined }]);
  writeOn(world, "empty");
  await world.settle(100);
  await addBackup(world, "uploads", { content: "empty" }, 10);

  const result = await runRestore(world, { restore: { app: undefined } });

  if (result.kind !== "ran") throw new Error(result.kind);
  t.equal(result.exitCode, 0, JSON.stringify(result.outcome.failure));
  t.strictSame(listStarts(world).toSorted(), [
    `demo/base-db-0: base backup on ${source}`,
    `demo/data-db-0: rebuilt from base backup on ${source}`,
    `demo/uploads: pictures on ${source}`,
  ]);
  t.strictSame(result.plan.leftAlone, [
    "demo/notes: nothing in the bucket is older than the claim",
  ]);

  const again = await planRestoreOnly(world, { app: undefined });
  t.strictSame(again.plan.units, [], "nothing is restored twice");
  t.equal(again.plan.leftAlone.filter((line) => line.endsWith("restored already")).length, 2);
});

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
