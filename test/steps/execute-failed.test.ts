import t from "tap";
import { InfraError } from "../../lib/errors.ts";
import { execute, makeStep, needsPerson, runAgain } from "../support/memory/execute.ts";

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

t.test("Ctrl-C ends the run with 130 and leaves it open", async (t) => {
  const { outcome, log } = await execute(
    (log, clock) => [makeStep("a", log, clock), makeStep("b", log, clock, { after: ["a"] })],
    { interruptAfter: 0.5 },
  );
  t.equal(outcome.state, "interrupted");
  t.equal(outcome.exitCode, 130);
  t.strictSame(log, ["a acts"]);
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

t.test("a run that has lost its lock undoes nothing", async (t) => {
  const lost = new AbortController();
  const { outcome, log } = await execute(
    (log, clock) => [
      makeStep("fence", log, clock, {
        async act() {
          await clock.sleep(5);
          lost.abort(new InfraError({ code: "RUN_LOCK_LOST", message: "lost", exitCode: 4 }));
          throw needsPerson();
        },
      }),
    ],
    { signal: lost.signal },
  );
  t.equal(outcome.state, "failed");
  t.equal(outcome.exitCode, 4);
  t.strictSame(log, []);
});
