import t from "tap";
import { InfraError } from "../../lib/errors.ts";
import { bringBack, listStarts } from "../support/memory/outage.ts";
import { runToEnd } from "../support/memory/run-failover.ts";
import { runRestore, writeOn } from "../support/memory/run-restore.ts";
import { addBackup, addDeployment, addStatefulSet } from "../support/memory/workloads.ts";
import { createWorld, type MemoryWorld, source, target } from "../support/memory/world.ts";

const restore = { targetNode: target };

async function createApps(): Promise<MemoryWorld> {
  const world = await createWorld();
  await addStatefulSet(world, "db", [{ name: "data", content: "rows", backupAge: 300 }]);
  await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
  return world;
}

t.test("no unit of an app is stopped before the data of all of them is there", async (t) => {
  const world = await createApps();
  world.hosts.snapshots.delete("snapshot-hourly-300-uploads");
  const result = await runRestore(world, { restore });
  if (result.kind !== "ran") throw new Error(result.kind);
  t.equal(result.exitCode, 3, "all was undone");
  t.strictSame(listStarts(world), [], "nothing was stopped");
});

/** A restore whose host dies with the first claim that is let go of. */
async function createStuck(): Promise<MemoryWorld> {
  const world = await createApps();
  const { delete: remove } = world.cluster;
  world.cluster.delete = async (ref, options) => {
    if (ref.kind === "PersistentVolumeClaim") world.setHost(source, "off");
    await remove(ref, options);
  };
  const stuck = await runRestore(world, { restore });
  if (stuck.kind !== "ran") throw new Error(stuck.kind);
  t.equal(stuck.exitCode, 5);
  world.cluster.delete = remove;
  await world.settle(60);
  return world;
}

function listReserved(world: MemoryWorld): string[] {
  const volumes = world.cluster.all("PersistentVolume").map(({ metadata }) => metadata.name);
  return volumes.filter((name) => name.startsWith("dr-"));
}

t.test(
  "a host that dies right after it was looked at: the run is closed, then failed over",
  async (t) => {
    const world = await createStuck();
    await t.rejects(runToEnd(world), { code: "RUN_OTHER_OPEN", fix: /--give-up/ });
    await t.rejects(runRestore(world, { restore, abort: true }), { code: "RUN_IRREVERSIBLE" });

    const closed = await runRestore(world, { restore, giveUp: true });
    t.equal(closed.kind, "given-up");
    t.equal(closed.exitCode, 1);
    t.equal(world.cluster.all("Schedule")[0]?.spec.paused, false, "the schedule goes on");
    const reserved = listReserved(world);
    t.equal(reserved.length, 2, "the claims are on their way out, and must get nothing else");
    t.match(closed, { leftOver: [/stays reserved/, /stays reserved/] });

    await t.rejects(runToEnd(world), { code: "PLAN_BLOCKED", why: /RECOVERY_VOLUME_RIVAL/ });
    for (const name of reserved) world.cluster.remove({ kind: "PersistentVolume", name });
    const moved = await runToEnd(world);
    t.equal(moved.exitCode, 0, JSON.stringify(moved.outcome.failure));
    t.strictSame(listStarts(world).toSorted(), [
      `demo/data-db-0: rows on ${target}`,
      `demo/uploads: pictures on ${target}`,
    ]);
    await bringBack(world);
    t.strictSame(world.controllers.wiped, []);
  },
);

t.test(
  "a host that is back after the run was given up: no app starts on an empty volume",
  async (t) => {
    const world = await createStuck();
    await runRestore(world, { restore, giveUp: true });
    await bringBack(world);
    t.strictSame(listStarts(world).toSorted(), [`demo/data-db-0: rows on ${target}`]);
    t.strictSame(world.controllers.wiped, []);
  },
);

t.test("what was not let go of is not kept reserved", async (t) => {
  const world = await createApps();
  const { delete: remove } = world.cluster;
  world.cluster.delete = async (ref, options) => {
    if (ref.kind === "PersistentVolumeClaim") {
      throw new InfraError({ code: "CLUSTER_FORBIDDEN", message: "no", exitCode: 4 });
    }
    await remove(ref, options);
  };
  const stuck = await runRestore(world, { restore });
  t.equal(stuck.exitCode, 5);
  world.cluster.delete = remove;
  const closed = await runRestore(world, { restore, giveUp: true });
  t.match(closed, { kind: "given-up", leftOver: [] });
  t.strictSame(listReserved(world), []);
  t.strictSame(listStarts(world), [], "the apps run on");
});

t.test("only what can be neither finished nor undone is given up", async (t) => {
  const world = await createApps();
  await t.rejects(runRestore(world, { giveUp: true }), { code: "RUN_NOTHING_TO_ABORT" });
  world.hosts.restoreSeconds = 100;
  await addBackup(world, "uploads", { content: "pictures" }, 200);
  const { create } = world.cluster;
  world.cluster.create = async (object, options) => {
    if (object.kind === "Pod") throw new InfraError({ code: "TEST", message: "no", exitCode: 4 });
    return await create(object, options);
  };
  t.equal((await runRestore(world, { restore })).exitCode, 4);
  world.cluster.create = create;
  await t.rejects(runRestore(world, { restore, giveUp: true }), { code: "RUN_REVERSIBLE" });
  await t.rejects(runRestore(world, { restore, giveUp: true, confirm: undefined }), {
    code: "RUN_NOT_CONFIRMED",
  });
});

t.test("an answer that is lost after the claim is let go of holds nobody up", async (t) => {
  for (const moment of ["before", "after"] as const) {
    for (const method of ["delete", "list", "find", "create"] as const) {
      const world = await createApps();
      writeOn(world, "garbage");
      let letGo = 0;
      let lost = 0;
      const own = world.cluster[method] as (...args: unknown[]) => Promise<unknown>;
      const { delete: remove } = world.cluster;
      world.cluster.delete = async (ref, options) => {
        if (ref.kind === "PersistentVolumeClaim") letGo += 1;
        await remove(ref, options);
      };
      const inner = method === "delete" ? world.cluster.delete : own;
      const lossy = async (...args: unknown[]) => {
        const isClaim =
          method !== "delete" || (args[0] as { kind: string }).kind === "PersistentVolumeClaim";
        const isTime = isClaim && lost < 3 && (letGo > 0 || method === "delete");
        if (isTime) lost += 1;
        if (isTime && moment === "before") throw lostAnswer();
        const result = await (inner as (...all: unknown[]) => Promise<unknown>)(...args);
        if (isTime) throw lostAnswer();
        return result;
      };
      (world.cluster as unknown as Record<string, unknown>)[method] = lossy;
      const result = await runRestore(world, { restore: { app: "demo/files" } });
      if (result.kind !== "ran") throw new Error(result.kind);
      const where = `${method}, lost ${moment} its effect`;
      t.equal(result.outcome.failure, undefined, where);
      t.ok(lost > 0, where);
      t.strictSame(listStarts(world), [`demo/uploads: pictures on ${source}`], where);
    }
  }
});

function lostAnswer(): InfraError {
  return new InfraError({ code: "CLUSTER_TIMEOUT", message: "no answer", exitCode: 4 });
}
