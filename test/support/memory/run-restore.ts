import type { RestorePlan } from "../../../lib/recovery/plan.ts";
import { createRestore, type RestoreOptions } from "../../../lib/recovery/restore.ts";
import { type ChangeOptions, type ChangeResult, runChange } from "../../../lib/steps/change.ts";
import type { World } from "../../../lib/world.ts";
import { type MemoryWorld, restoreImage, source } from "./world.ts";

export interface RestoreRequest extends Partial<ChangeOptions> {
  restore?: Partial<RestoreOptions>;
  holder?: string;
}

/** The default request: the app of namespace demo, where it is. */
function restoreOptions(change: Partial<RestoreOptions> = {}): RestoreOptions {
  return {
    app: "demo",
    backup: "latest",
    targetNode: undefined,
    clusterName: "prod",
    restoreImage,
    velero: { version: "1.18.3", tested: ">=1.18.3 <1.19" },
    freeSpaceFactor: 1.3,
    restoreConcurrency: undefined,
    place: {},
    ...change,
  };
}

/** Runs `restore-workload` as the command does; rejects as it does. */
export async function runRestore(
  world: World,
  request: RestoreRequest = {},
): Promise<ChangeResult<RestorePlan>> {
  const options = restoreOptions(request.restore);
  const change = createRestore(world, options);
  const changeOptions = {
    dryRun: request.dryRun ?? false,
    abort: request.abort ?? false,
    giveUp: request.giveUp ?? false,
    confirm: "confirm" in request ? request.confirm : (options.app ?? options.clusterName),
  };
  return await runChange(change, changeOptions, world, {
    say: () => undefined,
    ask: async () => undefined,
    emit: () => undefined,
    signal: new AbortController().signal,
    holder: request.holder ?? "operator",
  });
}

/** Plans a restore without running it. */
export async function planRestoreOnly(
  world: World,
  restore: Partial<RestoreOptions> = {},
): Promise<{ plan: RestorePlan; codes: string[] }> {
  const result = await runRestore(world, { dryRun: true, restore });
  if (result.kind !== "planned") throw new Error(`it was ${result.kind}`);
  return { plan: result.plan, codes: result.blockers.map((one) => one.code) };
}

/** The apps write on after their backups. */
export function writeOn(world: MemoryWorld, content: string): void {
  for (const [folder, found] of world.hosts.folders) {
    if (folder.startsWith(`${source}:`)) world.hosts.folders.set(folder, { ...found, content });
  }
}
