import { randomInt } from "node:crypto";
import type { Clock, Random } from "../world.ts";

const letters = "abcdefghijklmnopqrstuvwxyz";
const lettersAndDigits = `${letters}0123456789`;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep(seconds, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, seconds * 1000);
      function abort(): void {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      }
      signal?.addEventListener("abort", abort, { once: true });
    });
  },
};

/** The machine's source of randomness. */
export const systemRandom: Random = {
  name(length) {
    const pick = (from: string) => from.charAt(randomInt(from.length));
    return Array.from({ length }, (_, index) =>
      pick(index === 0 ? letters : lettersAndDigits),
    ).join("");
  },
};
