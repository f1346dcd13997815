import type { World } from "../../../lib/world.ts";

/** Thrown by every call of a process that was killed; nothing can answer it. */
export const killed = new Error("the process was killed");

export interface Faults {
  world: World;
  /** Calls that were made so far. */
  calls(): number;
}

/**
 * The world as a process sees it that dies at its `killAt`-th call, before the call takes effect or
 * right after it: no call of that process has any effect from then on.
 */
export function killAtCall(world: World, killAt: number, moment: "before" | "after"): Faults {
  let calls = 0;
  let dead = false;

  function wrap<T extends object>(part: T, only?: string[]): T {
    return new Proxy(part, {
      get(target, key: string) {
        const value = target[key as keyof T];
        if (typeof value !== "function" || (only !== undefined && !only.includes(key)))
          return value;
        return async (...args: unknown[]) => {
          if (dead) throw killed;
          calls += 1;
          const isTheOne = calls === killAt;
          if (isTheOne && moment === "before") {
            dead = true;
            throw killed;
          }
          const result: unknown = await (value as (...all: unknown[]) => unknown)(...args);
          if (isTheOne) {
            dead = true;
            throw killed;
          }
          return result;
        };
      },
    });
  }

  return {
    calls: () => calls,
    world: {
      ...world,
      cluster: wrap(world.cluster),
      power: wrap(world.power, ["find", "stop"]),
      hosts: wrap(world.hosts, ["probe", "readFreeBytes"]),
      journal: wrap(world.journal),
      clock: {
        now: () => world.clock.now(),
        async sleep(seconds, signal) {
          if (dead) throw killed;
          await world.clock.sleep(seconds, signal);
          if (dead) throw killed;
        },
      },
    },
  };
}
