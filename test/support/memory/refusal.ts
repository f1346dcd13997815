import type { Test } from "tap";
import { InfraError } from "../../../lib/errors.ts";
import type { KubeObject } from "../../../lib/objects.ts";
import type { FailoverOptions } from "../../../lib/recovery/failover.ts";
import { createOutage } from "./outage.ts";
import { type RunRequest, runFailover } from "./run-failover.ts";
import type { MemoryWorld } from "./world.ts";

/** Everything in the cluster but what time alone changes. */
export function snapshot(world: MemoryWorld): string {
  const kinds = [
    "Node",
    "Pod",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "StatefulSet",
    "Application",
    "Schedule",
    "Backup",
    "Namespace",
    "ConfigMap",
  ] as const;
  const objects = kinds.flatMap((kind) => world.cluster.all(kind) as KubeObject[]);
  return JSON.stringify({
    objects,
    power: [...world.hosts.machines.values()].map((one) => one.power),
  });
}

/** A failover that must not begin. */
export interface Refusal {
  /** What is wrong. */
  name: string;
  code: string;
  exitCode?: number;
  prepare?(world: MemoryWorld): void | Promise<void>;
  request?: RunRequest;
  /** Text that the reason has to name. */
  names?: string;
}

/** A request with other options than the usual ones. */
export function withOptions(change: Partial<FailoverOptions>): RunRequest {
  return { failover: change };
}

/** Tests that each refusal has its code, exit code and fix, and that nothing was changed. */
export function testRefusals(t: Test, refusals: Refusal[]): void {
  for (const refusal of refusals) {
    t.test(`refused with nothing changed: ${refusal.name}`, async (t) => {
      const world = await createOutage();
      await refusal.prepare?.(world);
      await world.settle(1);
      const before = snapshot(world);
      const error = await runFailover(world, refusal.request).then(
        ({ result }) => new Error(`it ran: ${JSON.stringify(result).slice(0, 300)}`),
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof InfraError)) throw error;
      t.equal(error.code, refusal.code, `${error.message}: ${error.why}`);
      t.equal(error.exitCode, refusal.exitCode ?? 2);
      t.ok(error.fix, "it says what to do");
      if (refusal.names !== undefined) t.match(`${error.message} ${error.why}`, refusal.names);
      t.equal(snapshot(world), before, "nothing was changed");
    });
  }
}
