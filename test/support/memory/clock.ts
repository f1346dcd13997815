import type { Clock } from "../../../lib/world.ts";

interface Alarm {
  at: number;
  order: number;
  ring(): void;
}

/**
 * Time that passes only when everybody waits: once the event loop is idle, the clock jumps to the
 * next alarm. So an hour of a run takes milliseconds, in the same order every time.
 */
export interface MemoryClock extends Clock {
  /** Runs `ring` when so many seconds have passed; returns what cancels it. */
  after(seconds: number, ring: () => void): () => void;
}

/** A clock that starts at the beginning of 2026. */
export function createClock(): MemoryClock {
  let time = Date.parse("2026-01-01T00:00:00Z");
  let alarms: Alarm[] = [];
  let count = 0;
  let driving = false;

  function now(): number {
    return time;
  }

  async function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const cancel = after(seconds, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      function onAbort(): void {
        cancel();
        reject(signal?.reason as Error);
      }
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Runs `ring` when so many seconds have passed; returns what cancels it. */
  function after(seconds: number, ring: () => void): () => void {
    count += 1;
    const alarm = { at: time + seconds * 1000, order: count, ring };
    alarms.push(alarm);
    drive();
    return () => {
      alarms = alarms.filter((one) => one !== alarm);
    };
  }

  function drive(): void {
    if (driving) return;
    driving = true;
    setImmediate(() => {
      driving = false;
      const next = alarms.reduce<Alarm | undefined>(
        (first, one) =>
          first === undefined ||
          one.at < first.at ||
          (one.at === first.at && one.order < first.order)
            ? one
            : first,
        undefined,
      );
      if (next === undefined) return;
      alarms = alarms.filter((one) => one !== next);
      time = Math.max(time, next.at);
      next.ring();
      drive();
    });
  }

  return { now, sleep, after };
}
