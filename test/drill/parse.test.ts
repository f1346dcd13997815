import t from "tap";
import { measureUntil } from "../../lab/drill/container-log.ts";
import { parseJournal } from "../../lab/drill/journal.ts";
import { parseOrders, parseTillLog } from "../../lab/drill/till-log.ts";

t.test("only what the database has confirmed counts, and only whole lines", async (t) => {
  const log = [
    "unconfirmed 1: psql: error: connection refused",
    "confirmed 2|1795529008.510878",
    "confirmed 3|1795529008.538462",
    "unconfirmed 4: no answer",
    "confirmed 5|17955290",
  ].join("\n");
  t.strictSame(parseTillLog(log), [
    { n: 2, at: 1795529008510.878 },
    { n: 3, at: 1795529008538.462 },
  ]);
  t.strictSame(parseOrders("2|1795529008.510878\n\n(1 row)\n"), [{ n: 2, at: 1795529008510.878 }]);
  t.strictSame(parseTillLog(""), []);
});

t.test("the time to a line counts from the container's first one", async (t) => {
  const log = [
    "2026-11-24T14:03:29.785525316Z stdout F container started",
    "2026-11-24T14:03:29.900000000Z stderr F LOG:  starting PostgreSQL",
    "2026-11-24T14:03:30.285525316Z stderr F LOG:  database system is ready to accept connections",
    "2026-11-24T14:09:30.285525316Z stderr F LOG:  database system is ready to accept connections",
    "",
  ].join("\n");
  t.equal(measureUntil(log, "ready to accept connections"), 500);
  t.equal(measureUntil(log, "shut down"), undefined);
  t.equal(measureUntil("", "ready"), undefined);
});

t.test("a journal tells when each step began and ended, and what it found", async (t) => {
  const lines = [
    { time: "2026-01-01T00:00:00.000Z", event: "run-started", runId: "run1", resumed: false },
    { time: "2026-01-01T00:00:00.100Z", event: "step-started", step: "a", title: "A" },
    { time: "2026-01-01T00:00:00.200Z", event: "step-started", step: "b", title: "B" },
    { time: "2026-01-01T00:00:01.000Z", event: "step-failed", step: "a", title: "A", code: "X" },
    { time: "2026-01-01T00:00:02.000Z", event: "step-started", step: "a", title: "A" },
    {
      time: "2026-01-01T00:00:03.500Z",
      event: "step-done",
      step: "a",
      title: "A",
      already: false,
      facts: { readyAt: 7 },
    },
    { time: "2026-01-01T00:00:04.000Z", event: "step-started", step: "c", title: "C" },
    { time: "2026-01-01T00:00:04.000Z", event: "step-skipped", step: "c", title: "C", note: "no" },
  ];
  const start = Date.parse("2026-01-01T00:00:00Z");
  t.strictSame(parseJournal(`${lines.map((line) => JSON.stringify(line)).join("\n")}\n`), [
    { id: "b", title: "B", startedAt: start + 200, state: "open", facts: {} },
    {
      id: "a",
      title: "A",
      startedAt: start + 2000,
      endedAt: start + 3500,
      state: "done",
      facts: { readyAt: 7 },
    },
    {
      id: "c",
      title: "C",
      startedAt: start + 4000,
      endedAt: start + 4000,
      state: "skipped",
      facts: {},
    },
  ]);
});
