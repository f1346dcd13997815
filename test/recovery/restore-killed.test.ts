import t from "tap";
import { killAtCall } from "../support/memory/faults.ts";
import { runRestore, writeOn } from "../support/memory/run-restore.ts";
import { addDeployment, addStatefulSet, rebuiltDatabase } from "../support/memory/workloads.ts";
import { createWorld, findPod, type MemoryWorld, target } from "../support/memory/world.ts";

// Dozens of whole runs: on a busy machine they take longer than the usual 30 s.
t.setTimeout(180_000);

const wanted = {
  "demo/data-db-0": "rebuilt from base backup",
  "demo/base-db-0": "base backup",
  "demo/uploads": "pictures",
};

const restore = { targetNode: target };

async function createApps(): Promise<MemoryWorld> {
  const world = await createWorld();
  await addStatefulSet(world, "db", rebuiltDatabase);
  await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
  writeOn(world, "garbage");
  return world;
}

async function countCalls(): Promise<number> {
  const faults = killAtCall(await createApps(), Number.POSITIVE_INFINITY, "before");
  await runRestore(faults.world, { restore });
  return faults.calls();
}

/** What must hold at every end, whatever was killed when. */
function findBroken(world: MemoryWorld): string[] {
  const broken: string[] = [];
  const { starts, wiped } = world.controllers;
  for (const { claim, content, node } of starts) {
    if (content !== wanted[claim as keyof typeof wanted])
      broken.push(`${claim} started on ${content}`);
    if (node !== target) broken.push(`${claim} started on ${node}`);
  }
  if (starts.length !== 3) broken.push(`${starts.length} starts`);
  if (wiped.length > 0) broken.push(`wiped: ${wiped.join(", ")}`);
  const old = world.cluster
    .all("PersistentVolume")
    .filter((one) => one.metadata.name.startsWith("pvc-"));
  if (old.length !== 3) broken.push(`${old.length} old volumes are left`);
  if (findPod(world, "dr-") !== undefined) broken.push("a pod of the run is left");
  if (world.cluster.all("Schedule").some((one) => one.spec.paused))
    broken.push("a schedule stays paused");
  return broken;
}

t.test("a restore that is killed at any call is finished by the same command", async (t) => {
  const total = await countCalls();
  t.ok(total > 80, `${total} calls in a whole run`);
  // As for the failover: another offset whenever the number of calls changes.
  const stride = 7;
  let tried = 0;
  for (let killAt = 1 + (total % stride); killAt <= total; killAt += stride) {
    for (const moment of ["before", "after"] as const) {
      const world = await createApps();
      const faults = killAtCall(world, killAt, moment);
      await runRestore(faults.world, { restore, holder: "first" }).catch(() => undefined);
      const result = await runRestore(world, { restore, holder: "second" });
      if (faults.calls() >= killAt) tried += 1;
      const where = `killed ${moment} call ${killAt} of ${total}`;
      if (result.kind !== "ran" || result.outcome.state !== "done") {
        t.fail(
          `${where}: ${JSON.stringify(result.kind === "ran" ? result.outcome.failure : result)}`,
        );
        continue;
      }
      const broken = findBroken(world);
      if (broken.length > 0) t.fail(`${where}: ${broken.join("; ")}`);
    }
  }
  t.ok(tried > 20, `${tried} kills`);
});
