import t from "tap";
import { systemClock, systemRandom } from "../../lib/config/system.ts";

t.test("the clock sleeps, and wakes with the signal's reason", async (t) => {
  const start = systemClock.now();
  await systemClock.sleep(0.02);
  t.ok(systemClock.now() - start >= 19);
  const reason = new Error("enough");
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60, controller.signal);
  controller.abort(reason);
  await t.rejects(sleeping, reason);
  await t.rejects(systemClock.sleep(60, controller.signal), reason, "aborted before");
});

t.test("a sleep that ended leaves nothing on its signal", async (t) => {
  const controller = new AbortController();
  await systemClock.sleep(0.001, controller.signal);
  controller.abort(new Error("too late"));
  t.pass("nobody heard it");
});

t.test("names begin with a letter and differ", async (t) => {
  const names = Array.from({ length: 500 }, () => systemRandom.name(6));
  t.ok(names.every((name) => /^[a-z][a-z0-9]{5}$/.test(name)));
  t.ok(new Set(names).size > 495);
  t.equal(systemRandom.name(0), "");
});
