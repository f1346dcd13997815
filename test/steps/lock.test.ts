import t from "tap";
import { acquireLock } from "../../lib/steps/lock.ts";
import type { Cluster } from "../../lib/world.ts";
import { createClock } from "../support/memory/clock.ts";
import { createCluster } from "../support/memory/cluster.ts";

function createWorld() {
  const clock = createClock();
  return { clock, cluster: createCluster(() => clock.now()) };
}

const quiet = (): void => undefined;

t.test("a free lock is taken at once and given back", async (t) => {
  const world = createWorld();
  const start = world.clock.now();
  const lock = await acquireLock(world, "one", quiet);
  t.equal(world.clock.now(), start);
  await lock.release();
  const again = await acquireLock(world, "two", quiet);
  t.equal(world.clock.now(), start, "nobody waits for a lock that was given back");
  await again.release();
});

t.test("a lock whose holder lives is refused, though it is years old by our clock", async (t) => {
  const world = createWorld();
  const lock = await acquireLock(world, "one", quiet);
  await t.rejects(acquireLock(world, "two", quiet), {
    code: "RUN_LOCKED",
    exitCode: 3,
    why: /one/,
  });
  t.notOk(lock.lost.aborted);
  await lock.release();
});

t.test("the lock of a process that is gone passes on by itself", async (t) => {
  const world = createWorld();
  await world.cluster.create({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "run-lock", namespace: "infra-k3s" },
    // Its clock was an hour ahead of ours: only whether it is renewed counts.
    spec: { holderIdentity: "dead", renewTime: "2026-01-01T01:00:00.000000Z" },
  } as never);
  const start = world.clock.now();
  const notes: string[] = [];
  const lock = await acquireLock(world, "two", (note) => notes.push(note));
  const waited = (world.clock.now() - start) / 1000;
  t.ok(waited >= 12 && waited < 15, `after ${waited} s`);
  t.equal(notes.length, 1);
  t.match(notes[0], /dead/);
  await lock.release();
});

t.test("a run that loses its lock is told", async (t) => {
  const world = createWorld();
  const lock = await acquireLock(world, "one", quiet);
  world.cluster.change(
    { kind: "Lease", name: "run-lock", namespace: "infra-k3s" },
    { spec: { holderIdentity: "thief" } },
  );
  await world.clock.sleep(5);
  t.ok(lock.lost.aborted);
  t.match(lock.lost.reason, { code: "RUN_LOCK_LOST", why: /another process/ });
  await lock.release();
  const holder = world.cluster.peek({ kind: "Lease", name: "run-lock", namespace: "infra-k3s" });
  t.equal(holder?.spec?.holderIdentity, "thief", "the other one's lock is left alone");
});

t.test(
  "an API server that is away for a moment does not cost the lock, for long it does",
  async (t) => {
    const world = createWorld();
    const lock = await acquireLock(world, "one", quiet);
    const { find } = world.cluster;
    world.cluster.find = async () => {
      throw new Error("no answer");
    };
    await world.clock.sleep(7);
    t.notOk(lock.lost.aborted);
    world.cluster.find = find;
    await world.clock.sleep(7);
    t.notOk(lock.lost.aborted);
    world.cluster.find = async () => {
      throw new Error("no answer");
    };
    await world.clock.sleep(14);
    t.ok(lock.lost.aborted);
    t.match(lock.lost.reason, { code: "RUN_LOCK_LOST", why: /renewed/ });
  },
);

t.test("giving back a lock that another has taken leaves it alone", async (t) => {
  const world = createWorld();
  const first = await acquireLock(world, "one", quiet);
  // The first process slept (a laptop's lid), and has not noticed yet.
  const lease = { kind: "Lease", name: "run-lock", namespace: "infra-k3s" } as const;
  world.cluster.change(lease, { spec: { holderIdentity: "two" } });
  await first.release();
  t.equal(world.cluster.peek(lease)?.spec?.holderIdentity, "two");
});

t.test("an API that hangs does not make two holders", async (t) => {
  const world = createWorld();
  const { clock, cluster } = world;
  // One answer may take up to 10 s (lib/cluster/request.ts).
  let answerSeconds = 0.01;
  const slow: Cluster = {
    ...cluster,
    async find(ref) {
      await clock.sleep(answerSeconds);
      return await cluster.find(ref);
    },
    async patch() {
      await clock.sleep(10);
      throw new Error("no complete answer within 10 s");
    },
  };
  const first = await acquireLock({ clock, cluster: slow }, "one", quiet);
  answerSeconds = 9;
  const second = await acquireLock(world, "two", quiet);
  t.ok(first.lost.aborted, "the first one knows before the second one has it");
  await second.release();
});

t.test("of two that find no lock one gets it", async (t) => {
  const world = createWorld();
  const results = await Promise.allSettled([
    acquireLock(world, "one", quiet),
    acquireLock(world, "two", quiet),
  ]);
  const won = results.filter((result) => result.status === "fulfilled");
  t.equal(won.length, 1);
  for (const { value } of won) await value.release();
});
