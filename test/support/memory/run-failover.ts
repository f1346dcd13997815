import type { TimedEvent } from "../../../lib/steps/events.ts";
import { type ChangeOptions, type ChangeResult, runChange } from "../../../lib/steps/change.ts";
import { createFailover, type FailoverOptions } from "../../../lib/recovery/failover.ts";
import type { FailoverPlan } from "../../../lib/recovery/plan.ts";
import type { World } from "../../../lib/world.ts";
import { type MemoryWorld, restoreImage, source, target } from "./world.ts";

export interface FailoverRun {
  result: ChangeResult<FailoverPlan>;
  events: TimedEvent[];
  said: string[];
}

export interface RunRequest extends Partial<ChangeOptions> {
  failover?: Partial<FailoverOptions>;
  signal?: AbortSignal;
  holder?: string;
}

const machineOf = { provider: "hetzner" } as const;

/** The default request: the source dies, the target takes over. */
export function failoverOptions(change: Partial<FailoverOptions> = {}): FailoverOptions {
  return {
    source: {
      name: source,
      publicIp: "10.0.0.3",
      sshPort: 22,
      machine: { ...machineOf, id: source },
    },
    target: { name: target, publicIp: "10.0.0.2", sshPort: 22 },
    backup: "latest",
    restoreImage,
    velero: { version: "1.18.3", tested: ">=1.18.3 <1.19" },
    freeSpaceFactor: 1.3,
    restoreConcurrency: undefined,
    dns: "tofu",
    withEvidence: false,
    place: { site: "sites/prod" },
    ...change,
  };
}

/** How a failover ended that was not refused. */
export type Ran = Extract<ChangeResult<FailoverPlan>, { kind: "ran" }>;

/** Runs `failover` for what is expected to run, well or not; rejects otherwise. */
export async function runToEnd(world: World, request: RunRequest = {}): Promise<Ran> {
  const { result } = await runFailover(world, request);
  if (result.kind !== "ran") throw new Error(`it was ${result.kind}`);
  return result;
}

/** Plans a failover without running it. */
export async function planOnly(
  world: World,
  failover: Partial<FailoverOptions> = {},
): Promise<{ plan: FailoverPlan; codes: string[] }> {
  const { result } = await runFailover(world, { dryRun: true, failover });
  if (result.kind !== "planned") throw new Error(`it was ${result.kind}`);
  return { plan: result.plan, codes: result.blockers.map((one) => one.code) };
}

/** Runs `failover` until somebody presses Ctrl-C, so many seconds after its start. */
export async function runInterrupted(
  world: MemoryWorld,
  seconds: number,
  request: RunRequest = {},
): Promise<Ran> {
  const keyboard = new AbortController();
  world.clock.after(seconds, () => keyboard.abort());
  return await runToEnd(world, { ...request, signal: keyboard.signal });
}

/** Runs `failover` as the command does; rejects as it does. */
export async function runFailover(world: World, request: RunRequest = {}): Promise<FailoverRun> {
  const events: TimedEvent[] = [];
  const said: string[] = [];
  const change = createFailover(world, failoverOptions(request.failover));
  const options = {
    dryRun: request.dryRun ?? false,
    abort: request.abort ?? false,
    confirm: "confirm" in request ? request.confirm : source,
  };
  const result = await runChange(change, options, world, {
    say: (text) => said.push(text),
    ask: async () => undefined,
    emit: (event) => events.push(event),
    signal: request.signal ?? new AbortController().signal,
    holder: request.holder ?? "operator",
  });
  return { result, events, said };
}
