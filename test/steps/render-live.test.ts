import t from "tap";
import type { StepEvent } from "../../lib/steps/events.ts";
import { createLiveView } from "../../lib/steps/render-live.ts";

const step = { step: "copy", title: "Copy" };

function open(...events: [seconds: number, event: StepEvent][]) {
  const view = createLiveView(0);
  const kept = events.map(([seconds, event]) => view.apply({ ...event, at: seconds * 1000 }));
  return { view, kept };
}

function copied(bytesDone: number, bytesTotal = 100): StepEvent {
  return { kind: "step-progress", ...step, progress: { bytesDone, bytesTotal } };
}

t.test("a running step is a line, an ended one is kept", async (t) => {
  const { view, kept } = open([1, { kind: "step-started", ...step }]);
  t.same(kept, [undefined]);
  t.same(view.render(3500, 80), ["  ...    Copy (3 s)"]);
  const line = view.apply({ kind: "step-done", ...step, already: false, facts: {}, at: 4000 });
  t.equal(line, "   4.0 s  ok    Copy");
  t.same(view.render(4000, 80), []);
});

t.test("bytes, note and the time that is left", async (t) => {
  const note: StepEvent = { kind: "step-progress", ...step, progress: { note: "pod x" } };
  const { view } = open(
    [0, { kind: "step-started", ...step }],
    [0, copied(0)],
    [4, copied(40)],
    [4, note],
  );
  t.same(view.render(4000, 80), ["  ...    Copy (4 s): 40 B of 100 B, pod x, 6 s left"]);
  t.same(view.render(4000, 20), ["  ...    Copy (4 s):"]);
});

t.test("no guess before there is anything to judge by", async (t) => {
  const { view } = open([0, { kind: "step-started", ...step }], [0, copied(10)], [0.5, copied(20)]);
  t.same(view.render(500, 80), ["  ...    Copy (1 s): 20 B of 100 B"]);
});

t.test("more bytes than announced are not less than no time", async (t) => {
  const { view } = open([0, { kind: "step-started", ...step }], [0, copied(0)], [2, copied(120)]);
  t.same(view.render(2000, 80), ["  ...    Copy (2 s): 120 B of 100 B, 0 s left"]);
});

t.test("a copy that begins again is judged anew", async (t) => {
  const { view } = open(
    [0, { kind: "step-started", ...step }],
    [0, copied(0)],
    [10, copied(50)],
    [20, copied(0)],
    [24, copied(40)],
  );
  t.same(view.render(24_000, 80), ["  ...    Copy (24 s): 40 B of 100 B, 6 s left"]);
});

t.test("what is told of a step that does not run is kept, as during an undo", async (t) => {
  const { view, kept } = open([1, copied(10)]);
  t.same(kept, ["   1.0 s  wait  Copy: 10 B of 100 B"]);
  t.same(view.render(1000, 80), []);
});

t.test("a note of several lines stays one line", async (t) => {
  const note = "first\n\u001B[2Jsecond";
  const { view } = open(
    [0, { kind: "step-started", ...step }],
    [0, { kind: "step-progress", ...step, progress: { note } }],
  );
  t.same(view.render(0, 80), ["  ...    Copy (0 s): first [2Jsecond"]);
});
