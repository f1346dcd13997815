import t from "tap";
import { refuseCreates } from "../../support/memory/faults.ts";
import { createOutage } from "../../support/memory/outage.ts";
import { runToEnd } from "../../support/memory/run-failover.ts";
import { type MemoryWorld, source, target } from "../../support/memory/world.ts";

/** An outage whose restore takes so long that the world can change before the cut-over. */
async function createLongRestore(): Promise<MemoryWorld> {
  const world = await createOutage();
  world.hosts.restoreSeconds = 300;
  return world;
}

/** Notes what is so whenever a claim is deleted. */
function watchDeletes<T>(world: MemoryWorld, look: () => T): T[] {
  const seen: T[] = [];
  const { delete: remove } = world.cluster;
  world.cluster.delete = async (ref, options) => {
    if (ref.kind === "PersistentVolumeClaim") seen.push(look());
    await remove(ref, options);
  };
  return seen;
}

t.test("a source that is on again before the cut-over is not cut over from", async (t) => {
  const world = await createLongRestore();
  // Proven off and out of service; later somebody presses the button at the provider.
  world.clock.after(200, () => {
    const machine = world.hosts.machines.get(source);
    if (machine !== undefined) machine.power = "running";
    world.setHost(source, "up");
  });
  const deletes = watchDeletes(world, () => world.hosts.machines.get(source)?.power);
  const { exitCode, outcome } = await runToEnd(world);
  t.strictSame(deletes, []);
  t.equal(outcome.failure?.error.code, "CUTOVER_SOURCE_ON");
  t.equal(exitCode, 3);
});

t.test("an old volume that is no longer kept is not let go", async (t) => {
  const world = await createLongRestore();
  const { name = "" } = world.cluster.all("PersistentVolume")[0]?.metadata ?? {};
  world.clock.after(200, () =>
    world.cluster.change(
      { kind: "PersistentVolume", name },
      { spec: { persistentVolumeReclaimPolicy: "Delete" } },
    ),
  );
  const deletes = watchDeletes(world, () => name);
  const { exitCode, outcome } = await runToEnd(world);
  t.strictSame(deletes, []);
  t.equal(outcome.failure?.error.code, "CUTOVER_NOT_PRESERVED");
  t.equal(exitCode, 4, "it can be run again");
});

const targetFaults: [string, (world: MemoryWorld) => void | Promise<void>][] = [
  ["is down", (world) => world.setHost(target, "off")],
  [
    "is cordoned",
    (world) =>
      void world.cluster.change({ kind: "Node", name: target }, { spec: { unschedulable: true } }),
  ],
  [
    "is another node of that name",
    async (world) => {
      const ref = { kind: "Node", name: target } as const;
      const node = world.cluster.peek(ref);
      if (node === undefined) return;
      world.cluster.remove(ref);
      await world.add(node);
    },
  ],
];
for (const [name, change] of targetFaults) {
  t.test(`a target that ${name} by the time of the cut-over does not get the claims`, async (t) => {
    const world = await createOutage();
    const deletes = watchDeletes(world, () => name);
    // Once the restore has ended, and before the source is declared out of service.
    const { stop } = world.power;
    world.power.stop = async (machine) => {
      await change(world);
      await stop(machine);
      await world.settle(60);
    };
    const { exitCode, outcome } = await runToEnd(world);
    t.strictSame(deletes, []);
    t.equal(outcome.failure?.error.code, "CUTOVER_TARGET_LOST", JSON.stringify(outcome.failure));
    t.equal(exitCode, 4);
  });
}

t.test("nothing is let go before the volume controller knows the reserved volume", async (t) => {
  const world = await createOutage();
  // The controller takes its time: what it writes shows only 30 s after the volume was made.
  const { find } = world.cluster;
  let madeAt = Number.POSITIVE_INFINITY;
  world.cluster.find = async (ref) => {
    const found = await find(ref);
    if (ref.kind !== "PersistentVolume" || !ref.name.startsWith("dr-") || found === undefined) {
      return found;
    }
    madeAt = Math.min(madeAt, world.clock.now());
    if (world.clock.now() < madeAt + 30_000) return { ...found, status: { phase: "Pending" } };
    return found;
  };
  const deletes = watchDeletes(world, () => world.clock.now());
  const { exitCode } = await runToEnd(world);
  t.equal(exitCode, 0);
  t.equal(deletes.length, 1);
  t.ok((deletes[0] ?? 0) >= madeAt + 30_000);
});

t.test("a volume of another run under the reserved name is left alone", async (t) => {
  const world = await createOutage();
  const labels = { "infra-k3s.io/run": "other" };
  refuseCreates(world, ({ metadata: { name, labels: own }, ...object }) => {
    if (!name.startsWith("dr-run1-volume-") || own?.["infra-k3s.io/run"] === "other") {
      return undefined;
    }
    void world.add({ ...object, metadata: { name, labels } });
    return "CLUSTER_EXISTS";
  });
  const deletes = watchDeletes(world, () => "deleted");
  const { outcome } = await runToEnd(world);
  t.equal(outcome.failure?.error.code, "CUTOVER_VOLUME_LOST");
  t.strictSame(deletes, []);
});

t.test("a source that somebody uncordoned is cordoned before a claim is let go", async (t) => {
  const world = await createLongRestore();
  world.clock.after(200, () =>
    world.cluster.change({ kind: "Node", name: source }, { spec: { unschedulable: false } }),
  );
  const cordoned = watchDeletes(
    world,
    () => world.cluster.peek({ kind: "Node", name: source })?.spec?.unschedulable,
  );
  const { exitCode } = await runToEnd(world);
  t.equal(exitCode, 0);
  t.strictSame(cordoned, [true]);
});

t.test("a pod that would not go is told before its claim is let go", async (t) => {
  const world = await createOutage();
  const ref = { kind: "Pod", namespace: "demo", name: "db-0" } as const;
  world.clock.after(1, () =>
    world.cluster.change(ref, { metadata: { finalizers: ["example.com/hold"] } }),
  );
  const deletes = watchDeletes(world, () => "deleted");
  const { outcome } = await runToEnd(world);
  t.equal(outcome.failure?.error.code, "CUTOVER_CLAIM_HELD");
  t.match(outcome.failure?.error.why, /example.com\/hold/);
  t.strictSame(deletes, []);
});
