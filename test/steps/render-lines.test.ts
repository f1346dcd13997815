import t from "tap";
import type { StepEvent } from "../../lib/steps/events.ts";
import { renderBytes, renderLine, renderProgress } from "../../lib/steps/render-lines.ts";

const step = { step: "copy", title: "Copy" };

const lines: [event: StepEvent, line: string | undefined][] = [
  [{ kind: "run-started", runId: "abc", resumed: false }, "run   abc"],
  [{ kind: "run-started", runId: "abc", resumed: true }, "run   abc (going on)"],
  [{ kind: "step-started", ...step }, "start Copy"],
  [{ kind: "step-progress", ...step, progress: { note: "a pod" } }, "wait  Copy: a pod"],
  [{ kind: "step-progress", ...step, progress: {} }, undefined],
  [{ kind: "step-skipped", ...step, note: "no use" }, "skip  Copy: no use"],
  [{ kind: "step-done", ...step, already: false, facts: { a: 1 } }, "ok    Copy"],
  [{ kind: "step-done", ...step, already: true, facts: {} }, "ok    Copy (already so)"],
  [{ kind: "step-failed", ...step, code: "A_B", error: "no" }, "fail  Copy: no"],
  [{ kind: "undo-done", ...step, note: "put back" }, "undo  Copy: put back"],
  [{ kind: "undo-failed", ...step, error: "no" }, "fail  undo of Copy: no"],
  [{ kind: "run-ended", runId: "abc", outcome: "done", exitCode: 0 }, "end   done"],
];

for (const [event, line] of lines) {
  const text = renderLine({ ...event, at: 12_340 }, 10_000);
  t.equal(text, line === undefined ? undefined : `   2.3 s  ${line}`, event.kind);
}

t.test("what servers and pods say is one line and moves no cursor", async (t) => {
  const error = "first\r\n\tsecond\u001B[2J third\u2028fourth\n";
  const line = renderLine({ kind: "step-failed", ...step, code: "A_B", error, at: 0 }, 0);
  t.equal(line, "   0.0 s  fail  Copy: first second [2J third fourth");
});

t.test("progress", async (t) => {
  t.equal(renderProgress({ bytesDone: 5_000_000, bytesTotal: 8_000_000 }), "5.0 MB of 8.0 MB");
  t.equal(renderProgress({ bytesDone: 5, note: "copying" }, 1.2), "5 B, copying, 2 s left");
  t.equal(renderProgress({}), "");
});

t.test("bytes in decimal units", async (t) => {
  for (const [bytes, text] of [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [1_234_567, "1.2 MB"],
    [999_949, "999.9 kB"],
    [999_950, "1.0 MB"],
    [999_999_999, "1.0 GB"],
    [5_000e12, "5000.0 TB"],
  ] as const) {
    t.equal(renderBytes(bytes), text);
  }
});
