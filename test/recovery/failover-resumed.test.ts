import t from "tap";
import { InfraError } from "../../lib/errors.ts";
import type { Cluster } from "../../lib/world.ts";
import { refuseCreates, refuseKind } from "../support/memory/faults.ts";
import { bringBack, createOutage, goDown, listStarts } from "../support/memory/outage.ts";
import { runFailover, runInterrupted, runToEnd } from "../support/memory/run-failover.ts";
import { addBackup } from "../support/memory/workloads.ts";
import { type MemoryWorld, server, source, target } from "../support/memory/world.ts";

const other = { name: server, publicIp: "10.0.0.1", sshPort: 22 };

/** Everything is cut over, and only the backup on the target could not be made. */
async function createHalfDone(): Promise<MemoryWorld> {
  const world = await createOutage();
  const allow = refuseCreates(world, refuseKind("Backup"));
  const { exitCode } = await runToEnd(world);
  if (exitCode !== 5) throw new Error(`it ended with ${exitCode}`);
  allow();
  return world;
}

t.test("after a snapshot that is gone another backup can be named", async (t) => {
  const world = await createOutage();
  await addBackup(world, "data-db-0", { content: "older rows" }, 4000);
  world.hosts.snapshots.delete("snapshot-hourly-300-data-db-0");
  // The repository is large, or the bucket slow: it shows after the source was declared dead.
  world.hosts.restoreSeconds = 60;
  const first = await runToEnd(world);
  t.equal(first.outcome.failure?.error.code, "RESTORE_NO_SNAPSHOT");
  t.match(first.outcome.failure?.error.fix, "--backup NAME");
  const second = await runToEnd(world, { failover: { backup: "hourly-4000-data-db-0" } });
  t.equal(second.exitCode, 0, JSON.stringify(second.outcome.failure));
  t.strictSame(listStarts(world), [`demo/data-db-0: older rows on ${target}`]);
});

t.test("a target that dies after the fence leaves the way over --abort", async (t) => {
  const world = await createOutage();
  world.hosts.restoreSeconds = 100;
  await runInterrupted(world, 60);
  world.setHost(target, "off");
  await world.settle(60);
  await t.rejects(runToEnd(world, { failover: { target: other } }), { code: "RUN_OTHER_OPEN" });
  const { result } = await runFailover(world, { abort: true });
  if (result.kind !== "aborted") throw new Error(result.kind);
  t.match(result.leftOver.join("\n"), /Fresh folders/, "what lies on the dead target is told");
});

t.test("a source that lived on after the plan is planned anew", async (t) => {
  const world = await createOutage();
  // In the first night the bucket is away.
  const { endPod } = world.hosts;
  world.hosts.endPod = () => ({
    phase: "Failed",
    containerStatuses: [{ name: "work", state: { terminated: { exitCode: 11 } } }],
  });
  t.equal((await runToEnd(world)).exitCode, 4);
  world.hosts.endPod = endPod;
  // The host is mended, works for a day and is backed up.
  world.setHost(source, "up");
  await world.settle(86_000);
  await addBackup(world, "data-db-0", { content: "rows of today" }, 600);
  await goDown(world);
  const second = await runToEnd(world);
  t.equal(second.outcome.failure?.error.code, "RECOVERY_PLAN_STALE");
  t.equal(second.exitCode, 3);
  t.equal((await runToEnd(world)).exitCode, 0);
  t.strictSame(listStarts(world), [`demo/data-db-0: rows of today on ${target}`]);
});

t.test("a run whose source came back is finished for the backup that is missing", async (t) => {
  const world = await createHalfDone();
  await bringBack(world);
  world.cluster.change(
    { kind: "Node", name: source },
    { spec: { unschedulable: null, taints: [] } },
  );
  const { outcome } = await runToEnd(world);
  t.equal(outcome.state, "done", JSON.stringify(outcome.failure));
});

t.test("a host that was brought back is not switched off for a backup", async (t) => {
  const world = await createHalfDone();
  await bringBack(world);
  const { exitCode } = await runToEnd(world);
  t.equal(exitCode, 0);
  t.equal(world.hosts.machines.get(source)?.power, "running");
});

t.test("the end of a failed restore's log proves nothing", async (t) => {
  const world = await createOutage();
  const { endPod } = world.hosts;
  world.hosts.endPod = (pod) => {
    if (!pod.metadata.name.includes("-restore-")) return endPod(pod);
    const ended = endPod(pod) as { containerStatuses: { state: { terminated: object } }[] };
    // The disk is full, and a file's name in the log says that all is well.
    world.hosts.folders.set(`${target}:/storage/dr-run1.demo.data-db-0`, {
      content: "half of the rows",
      bytes: 500,
    });
    const terminated = { ...ended.containerStatuses[0]?.state.terminated, exitCode: 1 };
    return { phase: "Failed", containerStatuses: [{ name: "work", state: { terminated } }] };
  };
  t.equal((await runToEnd(world)).exitCode, 4);
  world.hosts.endPod = endPod;
  t.equal((await runToEnd(world)).exitCode, 0);
  t.strictSame(listStarts(world), [`demo/data-db-0: rows on ${target}`]);
});

/** A process that dies as soon as it has made its pod that removes folders. */
function dieAtRemoval(world: MemoryWorld): { cluster: Cluster; isDead(): boolean } {
  let dead = false;
  const cluster = new Proxy<Cluster>(world.cluster, {
    get(of, key) {
      const value: unknown = Reflect.get(of, key);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]): Promise<unknown> => {
        if (dead) throw new Error("killed");
        const result: unknown = await (value as (...all: unknown[]) => unknown)(...args);
        const made = args[0] as { metadata?: { name?: string } };
        dead ||= key === "create" && made.metadata?.name?.includes("-remove-") === true;
        return result;
      };
    },
  });
  return { cluster, isDead: () => dead };
}

for (const seconds of [18, 22, 26, 30]) {
  t.test(`an undo that was killed does not empty the next try, after ${seconds} s`, async (t) => {
    const world = await createOutage();
    const { runPod, stop } = world.hosts;
    world.hosts.runPod = (pod) => (pod.metadata.name.includes("-remove-") ? seconds : runPod(pod));
    world.hosts.stop = async () => {
      throw new InfraError({ code: "POWER_REFUSED", message: "no", exitCode: 2 });
    };
    const dying = dieAtRemoval(world);
    await runFailover({ ...world, cluster: dying.cluster }, { holder: "first" }).catch(
      () => undefined,
    );
    t.ok(dying.isDead(), "it died in the undo");
    world.hosts.stop = stop;
    t.equal((await runToEnd(world, { holder: "second" })).exitCode, 0);
    t.strictSame(listStarts(world), [`demo/data-db-0: rows on ${target}`]);
    const own = world.cluster
      .all("PersistentVolume")
      .find((one) => one.metadata.name.startsWith("dr-"));
    t.equal(world.hosts.folders.get(`${target}:${own?.spec.local?.path}`)?.content, "rows");
  });
}
