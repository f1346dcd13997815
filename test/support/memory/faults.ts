import { InfraError } from "../../../lib/errors.ts";
import type { KubeObject, PersistentVolumeClaim } from "../../../lib/objects.ts";
import type { World } from "../../../lib/world.ts";
import type { MemoryWorld } from "./world.ts";

/** Thrown by every call of a process that was killed; nothing can answer it. */
export const killed = new Error("the process was killed");

export interface Faults {
  world: World;
  /** Calls that were made so far. */
  calls(): number;
}

/** A process that dies at one of its calls: none of them has any effect from then on. */
export interface Mortal {
  /** Calls that were made so far. */
  calls(): number;
  /** Throws `killed` once the process is dead. */
  check(): void;
  /** A part of the world as the process sees it; with `only`, other methods are no calls. */
  wrap<T extends object>(part: T, only?: string[]): T;
}

/** Dies at its `killAt`-th call, before the call takes effect or right after it. */
export function createMortal(killAt: number, moment: "before" | "after"): Mortal {
  let calls = 0;
  let dead = false;
  function die(): never {
    dead = true;
    throw killed;
  }
  return {
    calls: () => calls,
    check() {
      if (dead) throw killed;
    },
    wrap<T extends object>(part: T, only?: string[]): T {
      return new Proxy(part, {
        get(target, key: string) {
          const value = target[key as keyof T];
          if (typeof value !== "function" || (only !== undefined && !only.includes(key)))
            return value;
          return async (...args: unknown[]) => {
            if (dead) throw killed;
            calls += 1;
            const isTheOne = calls === killAt;
            if (isTheOne && moment === "before") die();
            try {
              return await (value as (...all: unknown[]) => unknown)(...args);
            } finally {
              // Whatever the answer was, nobody hears it.
              if (isTheOne) die();
            }
          };
        },
      });
    },
  };
}

/** The world as a process sees it that dies at its `killAt`-th call. */
export function killAtCall(world: World, killAt: number, moment: "before" | "after"): Faults {
  const { calls, check, wrap } = createMortal(killAt, moment);
  return {
    calls,
    world: {
      ...world,
      cluster: wrap(world.cluster),
      power: wrap(world.power, ["find", "stop"]),
      hosts: wrap(world.hosts, ["probe", "readFreeBytes"]),
      dns: wrap(world.dns, ["listRecords", "changeRecords"]),
      staticRecords: wrap(world.staticRecords, ["load", "review", "apply", "declare"]),
      journal: wrap(world.journal),
      clock: {
        now: () => world.clock.now(),
        async sleep(seconds, signal) {
          check();
          await world.clock.sleep(seconds, signal);
          check();
        },
      },
    },
  };
}

/**
 * Lets the API server refuse every object that `judge` gives an error code for; what it only judges
 * in a dry run is never refused. Returns what ends it.
 */
export function refuseCreates(
  world: MemoryWorld,
  judge: (object: KubeObject) => string | undefined,
): () => void {
  const { create } = world.cluster;
  world.cluster.create = async (object, options) => {
    const code = options?.dryRun === true ? undefined : judge(object);
    if (code !== undefined) throw new InfraError({ code, message: object.kind, exitCode: 4 });
    return await create(object, options);
  };
  return () => {
    world.cluster.create = create;
  };
}

/** A judge that refuses one kind. */
export function refuseKind(kind: string): (object: KubeObject) => string | undefined {
  return (object) => (object.kind === kind ? "CLUSTER_FORBIDDEN" : undefined);
}

/** Whether an object is a claim that names its volume, as a run makes it and no controller does. */
export function isClaimOfRun(object: KubeObject): object is PersistentVolumeClaim {
  const { kind, spec } = object as PersistentVolumeClaim;
  return kind === "PersistentVolumeClaim" && spec.volumeName?.startsWith("dr-") === true;
}
