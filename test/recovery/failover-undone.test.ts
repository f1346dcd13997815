import t from "tap";
import { createOutage } from "../support/memory/outage.ts";
import { runFailover, runInterrupted } from "../support/memory/run-failover.ts";
import { findPod, type MemoryWorld, source, target } from "../support/memory/world.ts";

/** What an undone run must have put back. */
function findTraces(world: MemoryWorld): string[] {
  const traces: string[] = [];
  const node = world.cluster.all("Node").find((one) => one.metadata.name === source);
  if (node?.spec?.unschedulable) traces.push("cordoned");
  if ((node?.spec?.taints ?? []).length > 0) traces.push("tainted");
  if (world.cluster.all("Schedule").some((one) => one.spec.paused)) traces.push("schedule paused");
  if (findPod(world, "dr-") !== undefined) traces.push("pod left");
  if ([...world.hosts.folders.keys()].some((key) => key.includes("/dr-")))
    traces.push("folder left");
  for (const volume of world.cluster.all("PersistentVolume")) {
    if (volume.spec.persistentVolumeReclaimPolicy === "Retain")
      traces.push(`${volume.metadata.name} kept`);
    if (volume.metadata.name.startsWith("dr-")) traces.push(`${volume.metadata.name} left`);
  }
  return traces;
}

for (const [state, code] of [
  ["up", "RECOVERY_SOURCE_ALIVE"],
  ["cut-off", "RECOVERY_SOURCE_PARTITIONED"],
] as const) {
  t.test(`a source that is ${state} ends the run, and everything is undone`, async (t) => {
    const world = await createOutage({ state });
    const { result } = await runFailover(world);
    if (result.kind !== "ran") throw new Error(result.kind);
    t.equal(result.outcome.state, "undone");
    t.equal(result.exitCode, 3);
    t.equal(result.outcome.failure?.error.code, code);
    t.strictSame(findTraces(world), []);
    t.equal(world.hosts.machines.get(source)?.power, "running", "it was not switched off");
    t.equal(result.run.state, "closed");
    t.strictSame(world.controllers.starts, [], "no app was started anew");
  });
}

for (const fault of ["POWER_DENIED", "POWER_REFUSED", "POWER_UNREACHABLE"]) {
  t.test(`a fence that fails with ${fault} undoes the run`, async (t) => {
    const world = await createOutage();
    const stop = world.power.stop;
    world.power.stop = async (machine) => {
      world.hosts.powerFault = fault;
      await stop(machine);
    };
    const { result } = await runFailover(world);
    if (result.kind !== "ran") throw new Error(result.kind);
    t.equal(result.outcome.state, "undone", JSON.stringify(result.outcome));
    t.equal(result.exitCode, 3);
    t.equal(result.outcome.failure?.error.code, "FENCE_NOT_PROVEN");
    t.strictSame(findTraces(world), []);
  });
}

t.test("a provider that accepts the order and never switches off is no proof", async (t) => {
  const world = await createOutage();
  world.power.stop = async () => {};
  const { result } = await runFailover(world);
  if (result.kind !== "ran") throw new Error(result.kind);
  t.equal(result.exitCode, 3);
  t.equal(result.outcome.failure?.error.code, "FENCE_NOT_PROVEN");
  t.match(result.outcome.failure?.error.why, /running/);
  t.strictSame(findTraces(world), []);
});

t.test("a node that was cordoned before stays so when the run is undone", async (t) => {
  const world = await createOutage();
  world.cluster.change({ kind: "Node", name: source }, { spec: { unschedulable: true } });
  world.power.stop = async () => {};
  const { result } = await runFailover(world);
  t.equal(result.exitCode, 3);
  t.strictSame(findTraces(world), ["cordoned"]);
});

t.test("what cannot be undone is listed, and the run ends with 4", async (t) => {
  const world = await createOutage();
  world.power.stop = async () => {
    // From now on the target's kubelet is gone: no folder can be removed there.
    world.setHost(target, "off");
  };
  const { result } = await runFailover(world);
  if (result.kind !== "ran") throw new Error(result.kind);
  t.equal(result.outcome.state, "failed");
  t.equal(result.exitCode, 4);
  t.match(result.outcome.leftOver.join("\n"), /Restore demo\/data-db-0/);
  t.match(result.outcome.leftOver.join("\n"), /Fresh folders/);
  t.equal(result.run.state, "open", "the run stays open, to be seen and aborted");
});

t.test("too little space on the target is found by the restore pod, and undone", async (t) => {
  const world = await createOutage();
  const machine = world.hosts.machines.get(target);
  if (machine !== undefined) machine.freeBytes = 1000;
  world.hosts.readFreeBytes = async () => 10 ** 9;
  const { result } = await runFailover(world);
  if (result.kind !== "ran") throw new Error(result.kind);
  t.equal(result.outcome.failure?.error.code, "RESTORE_NO_SPACE");
  t.equal(result.exitCode, 3);
  t.strictSame(findTraces(world), []);
});

t.test("an interrupted run ends with 130, and --abort undoes it", async (t) => {
  const world = await createOutage();
  const keyboard = new AbortController();
  world.clock.after(2, () => keyboard.abort());
  const first = await runFailover(world, { signal: keyboard.signal });
  if (first.result.kind !== "ran") throw new Error(first.result.kind);
  t.equal(first.result.exitCode, 130);
  t.equal(first.result.run.state, "open");
  const { result } = await runFailover(world, { abort: true });
  if (result.kind !== "aborted") throw new Error(result.kind);
  t.equal(result.exitCode, 0);
  t.strictSame(findTraces(world), []);
});

t.test("a run whose source node was deleted can be aborted", async (t) => {
  const world = await createOutage();
  await runInterrupted(world, 2);
  world.cluster.remove({ kind: "Node", name: source });
  const { result } = await runFailover(world, { abort: true });
  if (result.kind !== "aborted") throw new Error(result.kind);
  t.strictSame(result.leftOver, []);
  t.equal(result.run.state, "closed");
});

t.test("a run that has declared the source out of service can still be undone", async (t) => {
  const world = await createOutage();
  world.hosts.restoreSeconds = 100;
  const keyboard = new AbortController();
  world.clock.after(60, () => keyboard.abort());
  const first = await runFailover(world, { signal: keyboard.signal });
  t.equal(first.result.exitCode, 130);
  t.ok(findTraces(world).includes("tainted"));
  const { result, events } = await runFailover(world, { abort: true });
  t.equal(result.exitCode, 0);
  t.strictSame(findTraces(world), []);
  t.match(JSON.stringify(events), `${source} is not switched on again`, "and the power is told");
});

t.test("a run that has begun to move a claim can only be finished", async (t) => {
  const world = await createOutage();
  const keyboard = new AbortController();
  const { delete: remove } = world.cluster;
  world.cluster.delete = async (ref, options) => {
    if (ref.kind === "PersistentVolumeClaim") keyboard.abort();
    await remove(ref, options);
  };
  const first = await runFailover(world, { signal: keyboard.signal });
  t.equal(first.result.exitCode, 130);
  await t.rejects(runFailover(world, { abort: true }), { code: "RUN_IRREVERSIBLE", exitCode: 3 });
  const { result } = await runFailover(world);
  t.equal(result.exitCode, 0);
  t.strictSame(
    world.controllers.starts
      .filter((start) => start.claim === "demo/data-db-0")
      .map(({ content, node }) => `${content} on ${node}`),
    [`rows on ${target}`],
  );
});

t.test("other arguments while a run is open are refused, with both commands", async (t) => {
  const world = await createOutage();
  const keyboard = new AbortController();
  world.clock.after(2, () => keyboard.abort());
  await runFailover(world, { signal: keyboard.signal });
  await t.rejects(runFailover(world, { failover: { backup: "hourly-300-data-db-0" } }), {
    code: "RUN_OTHER_OPEN",
    exitCode: 3,
    fix: /--site sites\/prod --abort/,
  });
});

t.test("two runs at once: the second one is refused while the first one lives", async (t) => {
  const world = await createOutage();
  const first = runFailover(world, { holder: "first" });
  await world.settle(3);
  await t.rejects(runFailover(world, { holder: "second" }), { code: "RUN_LOCKED", exitCode: 3 });
  t.equal((await first).result.exitCode, 0);
});
