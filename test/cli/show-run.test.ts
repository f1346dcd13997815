import { mock } from "node:test";
import t from "tap";
import { registerSecret } from "../../lib/cli/redact.ts";
import { showRun } from "../../lib/cli/show-run.ts";
import type { StepEvent } from "../../lib/steps/events.ts";
import { createFakeTerminal } from "../support/fake-terminal.ts";

const back = (lines: number): string => `\u001B[${lines}A\r\u001B[J`;

function start(options: Parameters<typeof createFakeTerminal>[0]) {
  const terminal = createFakeTerminal(options);
  let now = 0;
  const run = showRun(terminal, { now: () => now });
  return {
    terminal,
    run,
    /** Tells the events at a time in seconds. */
    tell(seconds: number, ...events: StepEvent[]): void {
      now = seconds * 1000;
      for (const event of events) run.emit({ ...event, at: now });
    },
  };
}

const started: StepEvent = { kind: "step-started", step: "copy", title: "Copy" };
const done: StepEvent = {
  kind: "step-done",
  step: "copy",
  title: "Copy",
  already: false,
  facts: {},
};

function progress(note?: string, bytesDone?: number): StepEvent {
  return { kind: "step-progress", step: "copy", title: "Copy", progress: { note, bytesDone } };
}

t.test("without a terminal every event is a line, and waiting is told sparingly", async (t) => {
  const { terminal, run, tell } = start({});
  tell(100, { kind: "run-started", runId: "abc", resumed: true }, started);
  tell(101, progress("pulling"), progress("pulling"));
  tell(102, progress("pulling"));
  tell(103, progress("copying", 1));
  tell(104, progress(undefined, 2), progress("copying", 3));
  tell(113, progress("copying", 4));
  tell(114, done);
  run.end();
  t.equal(
    terminal.stderr,
    `   0.0 s  run   abc (going on)
   0.0 s  start Copy
   1.0 s  wait  Copy: pulling
   3.0 s  wait  Copy: 1 B, copying
  13.0 s  wait  Copy: 4 B, copying
  14.0 s  ok    Copy
`,
  );
  t.equal(terminal.stdout, "");
});

t.test("on a terminal the running steps are redrawn below the lines that stay", async (t) => {
  const { terminal, run, tell } = start({ isInteractive: true });
  const other = { step: "other", title: "Other" };
  tell(0, { kind: "run-started", runId: "abc", resumed: false }, started);
  t.equal(terminal.stderr, "   0.0 s  run   abc\n");
  terminal.stderr = "";
  tell(1, { kind: "step-started", ...other });
  tell(2, { kind: "step-skipped", step: "x", title: "X", note: "no use" });
  t.equal(
    terminal.stderr,
    "   2.0 s  skip  X: no use\n  ...    Copy (2 s)\n  ...    Other (1 s)\n",
  );
  terminal.stderr = "";
  tell(3, done);
  t.equal(terminal.stderr, `${back(2)}   3.0 s  ok    Copy\n  ...    Other (2 s)\n`);
  terminal.stderr = "";
  run.end();
  t.equal(terminal.stderr, back(1), "what ran is taken away");
  run.end();
  tell(4, done);
  t.equal(terminal.stderr, back(1), "nothing comes after the end");
});

t.test("five times a second, until the end", async (t) => {
  mock.timers.enable({ apis: ["setInterval"] });
  t.teardown(() => mock.timers.reset());
  const { terminal, run, tell } = start({ isInteractive: true });
  const countDraws = (): number => terminal.stderr.split("  ...    Copy (0 s)\n").length - 1;
  tell(0, started);
  t.equal(countDraws(), 0);
  for (let tick = 0; tick < 5; tick += 1) mock.timers.tick(200);
  t.equal(countDraws(), 5);
  run.end();
  mock.timers.tick(1000);
  t.equal(countDraws(), 5);
});

t.test("a line never wraps, and no more lines than can be taken back", async (t) => {
  const { terminal, run, tell } = start({ isInteractive: true, columns: 20 });
  const steps = Array.from({ length: 15 }, (_, index) => `step-${index}`);
  tell(
    0,
    ...steps.map((step): StepEvent => ({ kind: "step-started", step, title: `A long ${step}` })),
  );
  tell(0, done);
  const lines = terminal.stderr.trimEnd().split("\n").slice(1);
  t.equal(lines.length, 12);
  t.ok(lines.every((line) => line.length <= 19));
  t.equal(lines.at(-1), "  ...    and 4 more");
  run.end();
});

t.test("half a secret is no longer recognised, so it goes before the line is cut", async (t) => {
  registerSecret("a-very-long-secret");
  const { terminal, run, tell } = start({ isInteractive: true, columns: 32 });
  tell(0, started, progress("is a-very-long-secret"), { ...done, step: "x" });
  t.match(terminal.stderr, "Copy (0 s): is [sec");
  t.notMatch(terminal.stderr, "a-very");
  run.end();
});

t.test("an interruption is told at once, and once", async (t) => {
  const { terminal, run, tell } = start({ isInteractive: true });
  tell(0, started, { ...done, step: "x" });
  terminal.stderr = "";
  terminal.interrupt(new Error("interrupted"));
  t.match(
    terminal.stderr,
    /^\u001B\[1A\r\u001B\[Jinterrupted: .*Ctrl-C once more.*\n {2}\.\.\. {4}Copy/,
  );
  run.end();
  const after = start({});
  after.run.end();
  after.terminal.interrupt(new Error("interrupted"));
  t.equal(after.terminal.stderr, "");
});
