import t from "tap";
import { judge, type Sample } from "../../lib/recovery/evidence.ts";

const start = Date.parse("2026-06-01T12:00:00Z");

/** A sample of a host that nobody hears of any more, so many seconds after the first one. */
function makeSample(seconds: number, change: Partial<Sample> = {}): Sample {
  return {
    at: start + seconds * 1000,
    ready: "Unknown",
    heartbeat: "2026-06-01T11:59:00.000000Z",
    heartbeatAge: 60 + seconds,
    ssh: "silent",
    kubelet: "silent",
    power: "running",
    operatorPath: "open",
    ...change,
  };
}

function judgeAll(change: Partial<Sample>, last: Partial<Sample> = {}): string {
  const samples = [0, 3, 6, 9, 12].map((seconds) => makeSample(seconds, change));
  samples[4] = makeSample(12, { ...change, ...last });
  return judge(samples).is;
}

t.test("nothing of it answers, and its heartbeat is old: dead", async (t) => {
  t.equal(judgeAll({}), "DEAD");
  t.equal(judgeAll({ kubelet: "unknown" }), "DEAD", "a peer that cannot be asked is no witness");
});

t.test("its provider says twice that it is off: dead at once", async (t) => {
  const off = { power: "off" } as const;
  t.equal(judge([makeSample(0, off)]).is, "UNDECIDED");
  t.equal(judge([makeSample(0, off), makeSample(3, off)]).is, "DEAD");
  t.equal(judge([makeSample(0, off), makeSample(3)]).is, "UNDECIDED", "it came on again");
});

t.test("it renews its heartbeat: alive, even when the operator cannot reach it", async (t) => {
  t.equal(
    judgeAll({ ready: "True" }, { heartbeat: "2026-06-01T12:00:10.000000Z", heartbeatAge: 2 }),
    "ALIVE",
  );
});

t.test("a Ready condition alone is not life: Kubernetes takes 50 s to notice", async (t) => {
  t.equal(judgeAll({ ready: "True" }), "DEAD");
});

t.test("something of it answers while no heartbeat comes: partitioned", async (t) => {
  t.equal(judgeAll({ ssh: "open" }), "PARTITIONED");
  t.equal(judgeAll({ ssh: "closed" }), "PARTITIONED", "a refusal is an answer");
  t.equal(judgeAll({ kubelet: "open" }), "PARTITIONED");
  t.equal(judgeAll({}, { ssh: "open" }), "PARTITIONED", "one answer is enough");
});

t.test("too early to say", async (t) => {
  t.equal(judge([]).is, "UNDECIDED");
  t.equal(judge([makeSample(0), makeSample(20)]).is, "UNDECIDED", "two samples");
  t.equal(judge([makeSample(0), makeSample(1), makeSample(2)]).is, "UNDECIDED", "within 2 s");
  t.equal(judgeAll({ heartbeatAge: 15 }), "UNDECIDED", "the last heartbeat is fresh");
});

t.test("when the target is silent too, the operator's own network is suspect", async (t) => {
  t.equal(judgeAll({ operatorPath: "silent" }), "UNDECIDED");
});
