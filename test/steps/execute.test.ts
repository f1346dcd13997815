import t from "tap";
import type { Step } from "../../lib/steps/step.ts";
import { createClock } from "../support/memory/clock.ts";
import { execute, makeStep, runAgain } from "../support/memory/execute.ts";

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
