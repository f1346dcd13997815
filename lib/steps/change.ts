import { describeError, type ExitCode, exitCodes, InfraError } from "../errors.ts";
import type { World } from "../world.ts";
import { checkBlockers, confirmName } from "./consent.ts";
import type { Emit } from "./events.ts";
import { executeSteps, type Outcome } from "./execute.ts";
import { acquireLock, type Lock } from "./lock.ts";
import { abortRun, closeRun, giveRunUp } from "./end-run.ts";
import {
  countRuns,
  createRun,
  describeOpenRun,
  ensureOwnNamespace,
  listOpenRuns,
  renderCommand,
  type RunRecord,
  saveRun,
} from "./runs.ts";
import type { Step } from "./step.ts";

/** A command that changes something, as the engine sees it. */
export interface Change<Plan> {
  command: string;
  arguments: Record<string, string>;
  /** The flags that say where the site is, for the command lines in messages. */
  place: Record<string, string>;
  /** What has to be typed, or given to --confirm, before the run starts: the node, the app. */
  confirmName: string;
  makePlan(runId: string): Promise<Plan>;
  renderPlan(plan: Plan): string;
  /** What forbids the plan; each one says how to lift it. */
  findBlockers(plan: Plan): InfraError[];
  buildSteps(plan: Plan): Step[];
  lanes(plan: Plan): Record<string, number>;
}

export interface ChangeOptions {
  dryRun: boolean;
  abort: boolean;
  /** Close an irreversible run that cannot be finished. */
  giveUp?: boolean;
  /** The value of --confirm, if given. */
  confirm: string | undefined;
}

/** How the engine talks with the person; no part of it writes to stdout. */
export interface Dialog {
  say(text: string): void;
  /** Asks for a line; undefined when there is no terminal to ask on. */
  ask(question: string): Promise<string | undefined>;
  emit: Emit;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Who holds the lock: user, host and process. */
  holder: string;
}

export type ChangeResult<Plan> =
  | { kind: "planned"; plan: Plan; blockers: InfraError[]; exitCode: ExitCode }
  | { kind: "aborted"; run: RunRecord; leftOver: string[]; exitCode: ExitCode }
  | { kind: "given-up"; run: RunRecord; leftOver: string[]; exitCode: ExitCode }
  | { kind: "ran"; run: RunRecord; plan: Plan; outcome: Outcome; exitCode: ExitCode };

/**
 * Plans, asks, locks, records, runs and reports one change; goes on with the open run of the same
 * command and arguments if there is one. Throws PLAN_BLOCKED (2), RUN_NOT_CONFIRMED,
 * RUN_OTHER_OPEN, RUN_NOTHING_TO_ABORT, RUN_IRREVERSIBLE, RUN_REVERSIBLE, RUN_LOCKED (3) with nothing
 * changed.
 */
export async function runChange<Plan>(
  change: Change<Plan>,
  options: ChangeOptions,
  world: World,
  dialog: Dialog,
): Promise<ChangeResult<Plan>> {
  const runsBefore = await countRuns(world.cluster);
  const open = await findOwnRun(change, world);
  if (options.abort || options.giveUp === true) {
    if (open === undefined) throw nothingOpen();
    if (!options.abort) await confirmName(change.confirmName, options.confirm, dialog.ask);
    return await withLock(change, open, world, dialog, async () => {
      const steps = change.buildSteps(open.plan as Plan);
      const commandLine = renderCommand(open, change.place);
      const it = { run: open, steps, commandLine, world, emit: dialog.emit };
      return options.abort
        ? { kind: "aborted", ...(await abortRun(it)) }
        : { kind: "given-up", ...(await giveRunUp(it)) };
    });
  }

  const runId = open?.id ?? world.random.name(6);
  const plan = open === undefined ? await change.makePlan(runId) : (open.plan as Plan);
  const blockers = open === undefined ? change.findBlockers(plan) : [];
  if (options.dryRun) {
    const exitCode = blockers.length > 0 ? exitCodes.badInput : exitCodes.done;
    return { kind: "planned", plan, blockers, exitCode };
  }
  dialog.say(change.renderPlan(plan));
  checkBlockers(blockers);
  if (open === undefined) await confirmName(change.confirmName, options.confirm, dialog.ask);
  else dialog.say(`Going on with run ${open.id}, started ${open.startedAt}`);

  return await withLock(change, open, world, dialog, async (lock) => {
    // A run that began and ended while somebody thought about this plan has made it untrue.
    if ((await countRuns(world.cluster)) !== runsBefore) throw changedMeanwhile();
    const run = open ?? (await openRun(change, runId, plan, world));
    const outcome = await executeSteps({
      runId,
      steps: change.buildSteps(plan),
      world,
      emit: dialog.emit,
      lanes: change.lanes(plan),
      signal: AbortSignal.any([dialog.signal, lock.lost]),
      resumed: open !== undefined,
      irreversible: run.irreversible,
      async onIrreversible() {
        run.irreversible = true;
        await saveRun(world.cluster, run);
      },
    });
    if (outcome.state === "done" || outcome.state === "undone") {
      await closeRun(run, outcome.state, world);
    }
    return { kind: "ran", run, plan, outcome, exitCode: outcome.exitCode };
  });
}

async function findOwnRun<Plan>(
  change: Change<Plan>,
  world: World,
): Promise<RunRecord | undefined> {
  const runs = await listOpenRuns(world.cluster);
  const wanted = renderCommand(change);
  const other = runs.find((run) => renderCommand(run) !== wanted);
  if (other !== undefined) throw describeOpenRun(other, change.place);
  return runs[0];
}

function nothingOpen(): InfraError {
  return new InfraError({
    code: "RUN_NOTHING_TO_ABORT",
    message: "there is no open run to end",
    fix: "See what is open: zx scripts/dr/status.ts",
    exitCode: exitCodes.needsPerson,
  });
}

/** Holds the lock around `body`; what `open` says is read again once the lock is ours. */
async function withLock<Plan, T>(
  change: Change<Plan>,
  open: RunRecord | undefined,
  world: World,
  dialog: Dialog,
  body: (lock: Lock) => Promise<T>,
): Promise<T> {
  await ensureOwnNamespace(world.cluster);
  const lock = await acquireLock(world, dialog.holder, (note) => dialog.say(`Waiting for ${note}`));
  try {
    const now = await findOwnRun(change, world);
    if (now?.id !== open?.id) throw changedMeanwhile();
    if (open !== undefined && now !== undefined) Object.assign(open, now);
    return await body(lock);
  } finally {
    await lock.release().catch((error: unknown) => {
      dialog.say(`The lock was not released (${describeError(error)}); it runs out by itself`);
    });
  }
}

function changedMeanwhile(): InfraError {
  return new InfraError({
    code: "RUN_CHANGED_MEANWHILE",
    message: "another run started or ended while this one was planned; nothing was changed",
    fix: "Run the same command again",
    exitCode: exitCodes.needsPerson,
  });
}

async function openRun<Plan>(
  change: Change<Plan>,
  id: string,
  plan: Plan,
  world: World,
): Promise<RunRecord> {
  const run: RunRecord = {
    id,
    command: change.command,
    arguments: change.arguments,
    state: "open",
    irreversible: false,
    startedAt: new Date(world.clock.now()).toISOString(),
    plan,
  };
  await createRun(world.cluster, run);
  return run;
}
