import { pausedAnnotation, refreshAnnotation } from "../../argocd/names.ts";
import { isPaused, readSync } from "../../argocd/pause.ts";
import type { Application } from "../../objects.ts";
import type { StepRun } from "../../steps/step.ts";
import type { MergePatch } from "../../world.ts";
import { pausedByAnnotation } from "../labels.ts";
import type { HeldApplication } from "../plan-gitops.ts";
import { patchApplication, refOfApplication } from "./patch-application.ts";
import type { Failover } from "./recovery.ts";

/** A sync that gets on ends in seconds; one that waits for what the dead host had never does. */
const syncSeconds = 30;

/** How often it is looked for syncs, and how often in a row there has to be none. */
const lookEverySeconds = 1;
const wantedLooks = 2;

/**
 * Pauses the Applications of a plan, root first, and sees that none of them syncs any more. What
 * somebody else has paused is left so, and what a run has that was given up is this run's. A sync that runs may end by itself; one that waits is ended, since
 * Argo CD would try it again in spite of the pause, and what was asked for just before it would begin.
 * Nothing here needs Argo CD to be alive: it may be on the dead host itself.
 */
export async function holdApplications({ world, plan }: Failover, run: StepRun): Promise<void> {
  const { cluster, clock } = world;
  for (const one of plan.gitops) {
    await patchApplication(cluster, one, (found) =>
      isPaused(found) && findRun(found) === undefined ? undefined : renderPause(plan.runId),
    );
  }
  const end = clock.now() + syncSeconds * 1000;
  let looks = 0;
  await run.poll(async () => {
    const isLate = clock.now() >= end;
    const syncing = (await listFound({ world, plan })).filter(
      ({ application }) => readSync(application) !== "none",
    );
    for (const { one } of syncing) {
      await patchApplication(cluster, one, (found) => {
        const sync = readSync(found);
        if (sync === "none" || (sync === "running" && !isLate)) return undefined;
        // Without a state of an earlier sync Argo CD begins a new one once it may, as it would have.
        return { operation: null, status: { operationState: null } };
      });
    }
    looks = syncing.length === 0 ? looks + 1 : 0;
    if (looks >= wantedLooks) return { done: true };
    return { waiting: `syncs of ${syncing.map(({ one }) => one.name).join(", ") || "none"}` };
  }, lookEverySeconds);
}

/** Whether every Application of a plan is paused, by whomever, and syncs nothing. */
export async function areHeld(failover: Failover): Promise<boolean> {
  const found = await listFound(failover);
  return found.every(({ application }) => {
    const run = findRun(application);
    const isOurs = run === undefined || run === failover.plan.runId;
    return isPaused(application) && isOurs && readSync(application) === "none";
  });
}

/** The Applications of a plan that there are still, root first. */
export async function listFound({
  world,
  plan,
}: Failover): Promise<{ one: HeldApplication; application: Application }[]> {
  const all = await Promise.all(
    plan.gitops.map((one) => world.cluster.find(refOfApplication(one))),
  );
  return plan.gitops.flatMap((one, index) => {
    const application = all[index];
    return application === undefined ? [] : [{ one, application }];
  });
}

/** Whether this run has paused an Application, and not resumed it yet. */
export function isPausedBy({ metadata }: Application, runId: string): boolean {
  return findRun({ metadata }) === runId;
}

function findRun({ metadata }: Pick<Application, "metadata">): string | undefined {
  return metadata.annotations?.[pausedByAnnotation];
}

/**
 * Lets an Application go on that this run has paused, and has it compared at once and from scratch: by
 * itself Argo CD takes half a minute to notice. Returns whether there was something to do.
 */
export async function resumeApplication(
  { world, plan }: Failover,
  one: HeldApplication,
): Promise<boolean> {
  return await patchApplication(world.cluster, one, (found) => {
    if (!isPausedBy(found, plan.runId)) return undefined;
    const annotations = {
      [pausedAnnotation]: null,
      [pausedByAnnotation]: null,
      [refreshAnnotation]: "hard",
    };
    return { metadata: { annotations }, ...allowSync(one, found) };
  });
}

/** What pauses an Application; also after its sync was forbidden for a look. */
export function renderPause(runId: string): MergePatch {
  return {
    metadata: { annotations: { [pausedAnnotation]: "true", [pausedByAnnotation]: runId } },
  };
}

/** What takes back `forbidSync`. */
export function allowSync(one: HeldApplication, { spec }: Application): MergePatch {
  if (!one.syncsByItself || spec.syncPolicy?.automated?.enabled !== false) return {};
  return { spec: { syncPolicy: { automated: { enabled: null } } } };
}

/** What keeps an Application from syncing by itself while Argo CD may compare it. */
export function forbidSync(one: HeldApplication): MergePatch {
  return one.syncsByItself ? { spec: { syncPolicy: { automated: { enabled: false } } } } : {};
}
