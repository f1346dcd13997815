import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { together } from "../../lab/together.ts";

const never = new AbortController().signal;

t.test("results come in the order of the work, not of its ends", async (t) => {
  const results = await together(never, [
    async () => {
      await sleep(5);
      return "slow";
    },
    async () => 2,
  ]);
  t.strictSame(results, ["slow", 2]);
});

t.test("a failure stops the rest, and is thrown once the rest has ended", async (t) => {
  let ended = false;
  const work = together(never, [
    async (stop) => {
      await sleep(60_000, undefined, { signal: stop }).catch(() => undefined);
      await sleep(5);
      ended = true;
      stop.throwIfAborted();
    },
    async () => {
      throw new Error("no room");
    },
  ]);
  await t.rejects(work, { message: "no room" });
  t.ok(ended);
});

t.test("an interruption is what is thrown, whatever the work makes of it", async (t) => {
  const keyboard = new AbortController();
  const work = together(keyboard.signal, [
    async (stop) => {
      await sleep(60_000, undefined, { signal: stop });
    },
  ]);
  keyboard.abort(new Error("Ctrl-C"));
  await t.rejects(work, { message: "Ctrl-C" });
});
