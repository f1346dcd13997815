import t from "tap";
import { killAtCall } from "../support/memory/faults.ts";
import { goDown } from "../support/memory/outage.ts";
import { runFailover } from "../support/memory/run-failover.ts";
import { addDeployment, addStatefulSet, rebuiltDatabase } from "../support/memory/workloads.ts";
import { createWorld, findPod, type MemoryWorld, source, target } from "../support/memory/world.ts";

// Dozens of whole runs: on a busy machine they take longer than the usual 30 s.
t.setTimeout(180_000);

const wanted = {
  "demo/data-db-0": "rebuilt from base backup",
  "demo/base-db-0": "base backup",
  "demo/uploads": "pictures",
};

async function createOutage(): Promise<MemoryWorld> {
  const world = await createWorld();
  await addStatefulSet(world, "db", rebuiltDatabase);
  await addDeployment(world, "files", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
  for (const name of ["www.example.com", "ftp.example.com"]) {
    const record = { name, type: "A", content: "10.0.0.3", ttlSeconds: 60, proxied: false };
    world.staticRecords.list.records.push({ ...record });
    world.dns.add(record);
  }
  // Longer than judging and fencing take, so that the cut-over has to wait for it.
  world.hosts.restoreSeconds = 20;
  await goDown(world);
  return world;
}

async function countCalls(): Promise<number> {
  const faults = killAtCall(await createOutage(), Number.POSITIVE_INFINITY, "before");
  await runFailover(faults.world);
  return faults.calls();
}

/** What must hold at every end, whatever was killed when, and still when the dead host is back. */
async function findBroken(world: MemoryWorld): Promise<string[]> {
  world.setHost(source, "up");
  await world.settle(60);
  const broken: string[] = [];
  const { starts, wiped } = world.controllers;
  for (const { claim, content, node } of starts) {
    if (content !== wanted[claim as keyof typeof wanted])
      broken.push(`${claim} started on ${content}`);
    if (node !== target) broken.push(`${claim} started on ${node}`);
  }
  if (wiped.length > 0) broken.push(`wiped: ${wiped.join(", ")}`);
  const claims = Object.keys(wanted).filter(
    (claim) => !starts.some((start) => start.claim === claim),
  );
  if (claims.length > 0) broken.push(`never started: ${claims.join(", ")}`);
  const old = world.cluster
    .all("PersistentVolume")
    .filter((one) => one.metadata.name.startsWith("pvc-"));
  if (old.length !== 3) broken.push(`${old.length} old volumes are left`);
  if (findPod(world, "dr-") !== undefined) broken.push("a pod of the run is left");
  const addresses = world.dns.zones.get("example.com")?.map(({ content }) => content);
  if (addresses?.join() !== "10.0.0.2,10.0.0.2") broken.push(`names point to ${addresses?.join()}`);
  const declared = world.staticRecords.list.records.map(({ content }) => content).join();
  if (declared !== "10.0.0.2,10.0.0.2") broken.push(`Git has ${declared}`);
  if (world.cluster.all("Schedule").some((one) => one.spec.paused))
    broken.push("a schedule stays paused");
  return broken;
}

t.test("a run that is killed at any call is finished by the same command", async (t) => {
  const total = await countCalls();
  t.ok(total > 100, `${total} calls in a whole run`);
  // Every call takes its turn over the days: the offset comes from the number of calls, and a
  // stride of a prime visits all phases of the run in one go.
  const stride = 11;
  let tried = 0;
  for (let killAt = 1 + (total % stride); killAt <= total; killAt += stride) {
    for (const moment of ["before", "after"] as const) {
      const world = await createOutage();
      const faults = killAtCall(world, killAt, moment);
      await runFailover(faults.world, { holder: "first" }).catch(() => undefined);
      const { result } = await runFailover(world, { holder: "second" });
      if (faults.calls() >= killAt) tried += 1;
      const where = `killed ${moment} call ${killAt} of ${total}`;
      if (result.kind !== "ran" || result.outcome.state !== "done") {
        t.fail(
          `${where}: ${JSON.stringify(result.kind === "ran" ? result.outcome.failure : result)}`,
        );
        continue;
      }
      const broken = await findBroken(world);
      if (broken.length > 0) t.fail(`${where}: ${broken.join("; ")}`);
    }
  }
  t.ok(tried > 40, `${tried} kills`);
});
