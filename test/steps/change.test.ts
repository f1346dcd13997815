import t from "tap";
import { type Change, type ChangeResult, runChange } from "../../lib/steps/change.ts";
import { listOpenRuns } from "../../lib/steps/runs.ts";
import type { Step } from "../../lib/steps/step.ts";
import type { World } from "../../lib/world.ts";
import { makeStep } from "../support/memory/execute.ts";
import { createWorld, type MemoryWorld } from "../support/memory/world.ts";

interface Request {
  holder: string;
  abort?: boolean;
  signal?: AbortSignal;
}

/** Runs a change of these steps, without a word to anybody. */
async function run(
  world: World,
  steps: Step[],
  { holder, abort = false, signal }: Request,
): Promise<ChangeResult<string>> {
  const change: Change<string> = {
    command: "scripts/test.ts",
    arguments: { node: "a" },
    place: {},
    confirmName: "a",
    makePlan: async () => "the plan",
    renderPlan: (text) => text,
    findBlockers: () => [],
    buildSteps: () => steps,
    lanes: () => ({}),
  };
  return await runChange(change, { dryRun: false, abort, confirm: "a" }, world, {
    say: () => undefined,
    ask: async () => undefined,
    emit: () => undefined,
    signal: signal ?? new AbortController().signal,
    holder,
  });
}

/** A world in which `other` happens after a process has planned, and before it has the lock. */
function beforeLock(world: MemoryWorld, other: () => Promise<unknown>): World {
  let happened = false;
  const { cluster } = world;
  return {
    ...world,
    cluster: {
      ...cluster,
      async find(ref) {
        if (ref.kind === "Lease" && ref.name === "run-lock" && !happened) {
          happened = true;
          await other();
        }
        return await cluster.find(ref);
      },
    },
  };
}

/** A run that is stopped in its second step; the first one is irreversible if wanted. */
async function leaveOpen(world: MemoryWorld, irreversible: boolean): Promise<void> {
  const keyboard = new AbortController();
  const { clock } = world;
  const steps = [
    makeStep("a", [], clock, irreversible ? { irreversible } : {}),
    makeStep("b", [], clock, {
      after: ["a"],
      async act() {
        keyboard.abort();
        await clock.sleep(1, keyboard.signal);
      },
    }),
  ];
  await run(world, steps, { holder: "first", signal: keyboard.signal });
}

t.test("a run that loses its lock stops, and nothing is undone", async (t) => {
  const world = await createWorld();
  const log: string[] = [];
  const lease = { kind: "Lease", name: "run-lock", namespace: "infra-k3s" } as const;
  world.clock.after(5, () => world.cluster.change(lease, { spec: { holderIdentity: "thief" } }));
  const long = makeStep("long", log, world.clock, {
    act: (step) => world.clock.sleep(50, step.signal),
  });
  const next = makeStep("next", log, world.clock, { after: ["long"] });
  const result = await run(world, [long, next], { holder: "first" });
  if (result.kind !== "ran") throw new Error(result.kind);
  t.equal(result.outcome.failure?.error.code, "RUN_LOCK_LOST");
  t.equal(result.exitCode, 4);
  t.equal(result.run.state, "open");
  t.strictSame(log, []);
});

t.test("a run that another process began meanwhile is not run beside", async (t) => {
  const world = await createWorld();
  const log: string[] = [];
  const late = beforeLock(world, () => leaveOpen(world, false));
  await t.rejects(run(late, [makeStep("a", log, world.clock)], { holder: "second" }), {
    code: "RUN_CHANGED_MEANWHILE",
    exitCode: 3,
  });
  t.strictSame(log, []);
  t.equal((await listOpenRuns(world.cluster)).length, 1);
});

t.test("a run that another process finished meanwhile is not gone on with", async (t) => {
  const world = await createWorld();
  await leaveOpen(world, false);
  const log: string[] = [];
  const late = beforeLock(world, () => run(world, [], { holder: "first" }));
  await t.rejects(run(late, [makeStep("a", log, world.clock)], { holder: "second" }), {
    code: "RUN_CHANGED_MEANWHILE",
  });
  t.strictSame(log, []);
});

t.test("a plan that is older than another whole run is not carried out", async (t) => {
  const world = await createWorld();
  const log: string[] = [];
  const late = beforeLock(world, () => run(world, [], { holder: "first" }));
  await t.rejects(run(late, [makeStep("a", log, world.clock)], { holder: "second" }), {
    code: "RUN_CHANGED_MEANWHILE",
    exitCode: 3,
  });
  t.strictSame(log, []);
  t.strictSame(await listOpenRuns(world.cluster), []);
});

t.test("a run that became irreversible while the lock was waited for is not undone", async (t) => {
  const world = await createWorld();
  await leaveOpen(world, false);
  const log: string[] = [];
  const late = beforeLock(world, () => leaveOpen(world, true));
  const steps = [makeStep("a", log, world.clock), makeStep("b", log, world.clock)];
  await t.rejects(run(late, steps, { holder: "second", abort: true }), {
    code: "RUN_IRREVERSIBLE",
    exitCode: 3,
  });
  t.strictSame(log, []);
});
