import t from "tap";
import { InfraError } from "../../lib/errors.ts";
import { buildReport } from "../../lib/recovery/report.ts";
import { readStatus, renderStatus } from "../../lib/recovery/status.ts";
import { refuseCreates, refuseKind } from "../support/memory/faults.ts";
import { createOutage } from "../support/memory/outage.ts";
import { type Ran, runInterrupted, runToEnd } from "../support/memory/run-failover.ts";
import { type MemoryWorld, source } from "../support/memory/world.ts";

async function listOpen(world: MemoryWorld, { plan, outcome }: Ran): Promise<string> {
  return buildReport(plan, outcome, await readStatus(world)).openItems.join("\n");
}

t.test("the report of a run that was gone on with names what is paused", async (t) => {
  const world = await createOutage();
  world.hosts.restoreSeconds = 100;
  await runInterrupted(world, 60);
  // The second process fails at its first step.
  const { list } = world.cluster;
  let asked = 0;
  world.cluster.list = async (kind, options) => {
    if (kind === "Pod") asked += 1;
    if (kind === "Pod" && asked === 1) {
      throw new InfraError({ code: "CLUSTER_TIMEOUT", message: "no answer", exitCode: 4 });
    }
    return await list(kind, options);
  };
  const open = await listOpen(world, await runToEnd(world));
  t.match(open, /schedules are paused: hourly-critical/);
  t.match(open, `${source} is cordoned`);
  t.match(open, `${source} is quarantined`);
});

t.test("the status names schedules that a run paused, and those of a person", async (t) => {
  const world = await createOutage();
  world.hosts.restoreSeconds = 100;
  await runInterrupted(world, 60);
  await world.add({
    apiVersion: "velero.io/v1",
    kind: "Schedule",
    metadata: { name: "monthly", namespace: "velero" },
    spec: { schedule: "0 0 1 * *", paused: true, template: {} },
  } as never);
  const status = await readStatus(world);
  t.strictSame(status.schedules, [
    { name: "hourly-critical", pausedBy: "run1" },
    { name: "monthly" },
  ]);
  t.match(
    renderStatus(status),
    /Paused schedules[^]+hourly-critical +run1[^]+monthly +not by a run/,
  );
});

t.test("recovered is said only of what this process has proven", async (t) => {
  const world = await createOutage();
  const allow = refuseCreates(world, refuseKind("Backup"));
  await runToEnd(world);
  allow();
  const { plan, outcome } = await runToEnd(world);
  const [volume] = buildReport(plan, outcome, await readStatus(world)).volumes;
  t.ok(volume !== undefined);
  if (volume?.state === "recovered") t.type(volume.files, "number");
  else t.equal(volume?.state, "moved, proof in the journal");
});

t.test("the status names every volume that is kept, the new one too", async (t) => {
  const world = await createOutage();
  refuseCreates(world, refuseKind("Backup"));
  await runToEnd(world);
  const status = await readStatus(world);
  const kept = world.cluster
    .all("PersistentVolume")
    .filter((one) => one.spec.persistentVolumeReclaimPolicy === "Retain");
  t.equal(kept.length, 2);
  t.strictSame(
    status.volumes.map((one) => one.name).toSorted(),
    kept.map((one) => one.metadata.name).toSorted(),
  );
});

t.test("a released volume that stays kept is told when the run is undone", async (t) => {
  const world = await createOutage();
  world.cluster.remove({ kind: "StatefulSet", namespace: "demo", name: "db" });
  await world.add({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "pvc-gone" },
    spec: {
      ...world.cluster.all("PersistentVolume")[0]?.spec,
      local: { path: "/storage/pvc-gone" },
      claimRef: { namespace: "demo", name: "gone", uid: "gone" },
    },
    status: { phase: "Released" },
  } as never);
  world.power.stop = async () => {
    throw new InfraError({ code: "POWER_REFUSED", message: "no", exitCode: 2 });
  };
  const ran = await runToEnd(world);
  t.equal(ran.exitCode, 3);
  t.match(await listOpen(world, ran), /pvc-gone/);
});

t.test("a stop that was ordered is told when it is not proven in time", async (t) => {
  const world = await createOutage();
  const { stop } = world.power;
  // The provider takes three minutes.
  world.power.stop = async (machine) => {
    world.clock.after(180, () => void stop(machine));
  };
  const { exitCode, outcome } = await runToEnd(world);
  t.equal(exitCode, 3);
  t.match(outcome.failure?.error.why, /ordered and may still take effect/);
});
