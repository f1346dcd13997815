import { describeError } from "../errors.ts";
import { acquireLock } from "../steps/lock.ts";
import { describeOpenRun, ensureOwnNamespace, listOpenRuns } from "../steps/runs.ts";
import type { NodeWorld } from "./world.ts";

/**
 * Runs `body` while no other command changes the cluster; its signal is aborted when the lock is
 * lost. Throws RUN_LOCKED, and what `body` throws.
 */
export async function holdCluster<T>(
  world: Pick<NodeWorld, "cluster" | "clock">,
  { holder, say }: { holder: string; say(text: string): void },
  body: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  await ensureOwnNamespace(world.cluster);
  const lock = await acquireLock(world, holder, (note) => say(`Waiting for ${note}`));
  try {
    return await body(lock.lost);
  } finally {
    await lock.release().catch((error: unknown) => {
      say(`The lock was not released (${describeError(error)}); it runs out by itself`);
    });
  }
}

/**
 * Sees that no failover waits to be finished: it may need the node. `place` are the flags that say
 * where the site is. Throws RUN_OTHER_OPEN.
 */
export async function checkNoOpenRun(
  cluster: NodeWorld["cluster"],
  place: Record<string, string>,
): Promise<void> {
  const [run] = await listOpenRuns(cluster);
  if (run !== undefined) throw describeOpenRun(run, place);
}
