import t from "tap";
import { InfraError } from "../../lib/errors.ts";
import { type Execution, executeSteps, type Outcome } from "../../lib/steps/execute.ts";
import type { Step } from "../../lib/steps/step.ts";
import type { JournalEntry } from "../../lib/world.ts";
import { createClock, type MemoryClock } from "../support/memory/clock.ts";

/** A step that notes what is done to it and takes a second. */
function makeStep(id: string, log: string[], clock: MemoryClock, change: Partial<Step> = {}): Step {
  return {
    id,
    title: `step ${id}`,
    after: [],
    timeoutSeconds: 60,
    waitsFor: "its second",
    async observe() {
      return { state: "open" };
    },
    async act(run) {
      log.push(`${id} acts`);
      await clock.sleep(1, run.signal);
    },
    async verify() {
      log.push(`${id} verified`);
      return { by: id };
    },
    async undo() {
      log.push(`${id} undone`);
      return `${id} put back`;
    },
    ...change,
  };
}

interface Case {
  outcome: Outcome;
  log: string[];
  journal: JournalEntry[];
  seconds: number;
  irreversible: number;
}

async function execute(
  build: (log: string[], clock: MemoryClock, journal: JournalEntry[]) => Step[],
  change: Partial<Execution> & { interruptAfter?: number } = {},
): Promise<Case> {
  const clock = createClock();
  const log: string[] = [];
  const journal: JournalEntry[] = [];
  const start = clock.now();
  let irreversible = 0;
  const keyboard = new AbortController();
  if (change.interruptAfter !== undefined)
    clock.after(change.interruptAfter, () => keyboard.abort());
  const outcome = await executeSteps({
    runId: "run1",
    steps: build(log, clock, journal),
    world: { clock, journal: { append: async (_, entry) => void journal.push(entry) } },
    emit: () => undefined,
    signal: keyboard.signal,
    resumed: false,
    irreversible: false,
    async onIrreversible() {
      irreversible += 1;
    },
    ...change,
  });
  return { outcome, log, journal, seconds: (clock.now() - start) / 1000, irreversible };
}

function needsPerson(): InfraError {
  return new InfraError({ code: "TEST_PERSON", message: "a person has to look", exitCode: 3 });
}

function runAgain(): InfraError {
  return new InfraError({ code: "TEST_FAILED", message: "it failed", exitCode: 4 });
}

t.test("steps run after those they name, the others at once", async (t) => {
  const { outcome, log, seconds } = await execute((log, clock) => [
    makeStep("c", log, clock, { after: ["a", "b"] }),
    makeStep("a", log, clock),
    makeStep("b", log, clock),
  ]);
  t.equal(outcome.state, "done");
  t.equal(seconds, 2, "a and b together, then c");
  t.strictSame(log.slice(0, 2), ["a acts", "b acts"]);
  t.strictSame(log.slice(-2), ["c acts", "c verified"]);
  t.strictSame(
    outcome.results.map((one) => one.facts["by"]),
    ["a", "b", "c"],
  );
});

t.test("a lane runs no more of its steps at once than it may", async (t) => {
  const { seconds } = await execute(
    (log, clock) => ["a", "b", "c", "d"].map((id) => makeStep(id, log, clock, { lane: "restore" })),
    { lanes: { restore: 2 } },
  );
  t.equal(seconds, 2);
});

t.test("what is so already is verified and not done again", async (t) => {
  const { log, outcome } = await execute((log, clock) => [
    makeStep("a", log, clock, { observe: async () => ({ state: "done" }) }),
    makeStep("b", log, clock, { observe: async () => ({ state: "not-needed", note: "no use" }) }),
  ]);
  t.strictSame(log, ["a verified"]);
  t.strictSame(outcome.results.map((one) => `${one.id} ${one.state}`).toSorted(), [
    "a done",
    "b skipped",
  ]);
});

t.test("a failure that needs a person undoes everything, the last step first", async (t) => {
  const { outcome, log } = await execute((log, clock) => [
    makeStep("a", log, clock),
    makeStep("b", log, clock, { after: ["a"] }),
    makeStep("c", log, clock, {
      after: ["b"],
      async act() {
        throw needsPerson();
      },
    }),
  ]);
  t.equal(outcome.state, "undone");
  t.equal(outcome.exitCode, 3);
  t.equal(outcome.failure?.step, "c");
  t.strictSame(log.slice(-3), ["c undone", "b undone", "a undone"]);
});

t.test("any other failure leaves the run as it is, to be run again", async (t) => {
  const { outcome, log } = await execute((log, clock) => [
    makeStep("a", log, clock),
    makeStep("b", log, clock, {
      after: ["a"],
      async verify() {
        throw runAgain();
      },
    }),
    makeStep("c", log, clock, { after: ["b"] }),
  ]);
  t.equal(outcome.state, "failed");
  t.equal(outcome.exitCode, 4);
  t.notOk(log.some((line) => line.includes("undone") || line.startsWith("c ")));
});

t.test(
  "after the first irreversible act nothing is undone, and the exit code says so",
  async (t) => {
    const { outcome, log, irreversible } = await execute((log, clock) => [
      makeStep("a", log, clock, { irreversible: true }),
      makeStep("b", log, clock, {
        after: ["a"],
        async act() {
          throw needsPerson();
        },
      }),
    ]);
    t.equal(irreversible, 1);
    t.equal(outcome.state, "half-done");
    t.equal(outcome.exitCode, 5);
    t.notOk(log.some((line) => line.includes("undone")));
  },
);

t.test("a run that was irreversible before stays so", async (t) => {
  const { outcome, irreversible } = await execute(
    (log, clock) => [
      makeStep("a", log, clock, {
        async act() {
          throw needsPerson();
        },
      }),
    ],
    { irreversible: true },
  );
  t.equal(irreversible, 0);
  t.equal(outcome.exitCode, 5);
});

t.test("past the first irreversible act a failure ends only what waits for it", async (t) => {
  const { outcome, log } = await execute((log, clock) => [
    makeStep("moving", log, clock, { irreversible: true }),
    makeStep("failing", log, clock, {
      async act() {
        await clock.sleep(2);
        throw runAgain();
      },
    }),
    makeStep("slow", log, clock, {
      async act(run) {
        await clock.sleep(50, run.signal);
        log.push("slow ended");
      },
    }),
    makeStep("after-slow", log, clock, { after: ["slow"], irreversible: true }),
    makeStep("after-failing", log, clock, { after: ["failing"] }),
  ]);
  t.equal(outcome.exitCode, 5);
  t.equal(outcome.failure?.error.code, "TEST_FAILED");
  t.ok(log.includes("slow ended"));
  t.ok(log.includes("after-slow verified"));
  t.notOk(log.includes("after-failing acts"));
});

t.test(
  "an irreversible act that has begun is finished though somebody presses Ctrl-C",
  async (t) => {
    const { outcome, log } = await execute(
      (log, clock) => [
        makeStep("long", log, clock, {
          irreversible: true,
          async act(run) {
            await clock.sleep(10, run.signal);
            log.push("long ended");
          },
        }),
        makeStep("next", log, clock, { after: ["long"] }),
      ],
      { interruptAfter: 2 },
    );
    t.equal(outcome.exitCode, 130);
    t.ok(log.includes("long ended"));
    t.notOk(log.includes("next acts"));
  },
);

t.test("a step that takes too long says what it waited for and last saw", async (t) => {
  const { outcome, seconds } = await execute((log, clock) => [
    makeStep("a", log, clock, {
      async act(run) {
        await run.poll(async () => ({ waiting: "the moon" }));
      },
    }),
  ]);
  t.equal(outcome.failure?.error.code, "STEP_TIMEOUT");
  t.match(outcome.failure?.error.message, /60 s waiting for its second/);
  t.match(outcome.failure?.error.why, /the moon/);
  t.equal(outcome.exitCode, 4);
  t.equal(seconds, 60);
});

t.test("Ctrl-C ends the run with 130 and leaves it open", async (t) => {
  const { outcome, log } = await execute(
    (log, clock) => [makeStep("a", log, clock), makeStep("b", log, clock, { after: ["a"] })],
    { interruptAfter: 0.5 },
  );
  t.equal(outcome.state, "interrupted");
  t.equal(outcome.exitCode, 130);
  t.strictSame(log, ["a acts"]);
});

t.test("a defect in a step is named as one and can be run again", async (t) => {
  const { outcome } = await execute((log, clock) => [
    makeStep("a", log, clock, {
      async act() {
        throw new TypeError("x is not a function");
      },
    }),
  ]);
  t.equal(outcome.failure?.error.code, "STEP_FAILED");
  t.match(outcome.failure?.error.fix, /report/);
  t.equal(outcome.exitCode, 4);
});

t.test("what cannot be undone is listed, and the rest is undone all the same", async (t) => {
  const { outcome, log } = await execute((log, clock) => [
    makeStep("a", log, clock),
    makeStep("b", log, clock, {
      async undo() {
        throw runAgain();
      },
    }),
    makeStep("c", log, clock, {
      after: ["a", "b"],
      async observe() {
        throw needsPerson();
      },
    }),
  ]);
  t.equal(outcome.exitCode, 4);
  t.strictSame(outcome.leftOver, ["step b: it failed"]);
  t.ok(log.includes("a undone"));
});

t.test("the journal has the start of a step before the step does anything", async (t) => {
  const seen: string[] = [];
  const { journal } = await execute((log, clock, journal) => [
    makeStep("a", log, clock, {
      async observe() {
        seen.push(...journal.map((entry) => entry.event));
        return { state: "open" };
      },
    }),
  ]);
  t.strictSame(seen, ["run-started", "step-started"]);
  t.strictSame(
    journal.map((entry) => entry.event),
    ["run-started", "step-started", "step-done", "run-ended"],
  );
});

t.test("a journal that cannot be written stops the run before it changes anything", async (t) => {
  const clock = createClock();
  const { log, outcome } = await execute((log) => [makeStep("a", log, clock)], {
    world: {
      clock,
      journal: {
        async append(_, entry) {
          if (entry.event === "step-started") throw runAgain();
        },
      },
    },
  });
  t.strictSame(log, []);
  t.equal(outcome.exitCode, 4);
});

t.test("a list that cannot be ordered is a defect", async (t) => {
  const run = (steps: Partial<Step>[]) =>
    execute((log, clock) => steps.map((one) => makeStep(one.id ?? "a", log, clock, one)));
  await t.rejects(run([{ id: "a" }, { id: "a" }]), /same id/);
  await t.rejects(run([{ id: "a", after: ["b"] }]), /not in the list/);
  await t.rejects(
    run([
      { id: "a", after: ["b"] },
      { id: "b", after: ["a"] },
    ]),
    /after itself/,
  );
});
