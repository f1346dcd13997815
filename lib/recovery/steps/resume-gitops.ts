import { describeApplication, listComplaints } from "../../argocd/describe-application.ts";
import { pausedAnnotation, refreshAnnotation } from "../../argocd/names.ts";
import { isPaused } from "../../argocd/pause.ts";
import type { Application } from "../../objects.ts";
import type { Step, StepRun } from "../../steps/step.ts";
import { describeWorkload, explainChange, explainStuck, type Stuck } from "../explain-gitops.ts";
import { type HeldApplication, nameApplication } from "../plan-gitops.ts";
import {
  allowSync,
  forbidSync,
  isPausedBy,
  listFound,
  renderPause,
  resumeApplication,
} from "./hold-applications.ts";
import { patchApplication, refOfApplication } from "./patch-application.ts";
import type { Failover } from "./recovery.ts";

/** Argo CD reads Git anew and builds what is there; it may have just started on another host. */
const compareSeconds = 120;

/**
 * Resumes what this run has paused, root last. An Application whose Git still binds a workload to the
 * source stays paused, and those above it: resumed, Argo CD would put the pods back to where their
 * volumes are not.
 */
export function resumeGitops(failover: Failover): Step {
  const { plan } = failover;
  return {
    id: "resume-gitops",
    title: "Resume the paused Applications",
    after: ["settle"],
    timeoutSeconds: (plan.gitops.length + 1) * compareSeconds * 2,
    waitsFor: "Argo CD to compare them with Git",
    async observe() {
      if (plan.gitops.length === 0) return { state: "not-needed", note: "none was paused" };
      return { state: (await listPaused(failover)).length === 0 ? "done" : "open" };
    },
    async act(run) {
      const stuck: Stuck[] = [];
      const kept = new Set<string>();
      for (const one of (await listPaused(failover)).toReversed()) {
        const name = nameApplication(one);
        const made = plan.gitops.filter((child) => child.parents.includes(name));
        const isNeeded = made.some((child) => kept.has(nameApplication(child)));
        const found = isNeeded ? undefined : await findStuck(failover, one, run);
        if (found !== undefined) stuck.push(found);
        if (isNeeded || found !== undefined) {
          kept.add(name);
          continue;
        }
        await resumeApplication(failover, one);
        await waitCompared(failover, one, run);
      }
      if (stuck.length > 0) throw explainStuck(plan.source.name, stuck, await listPaused(failover));
    },
    async verify() {
      const found = await listFound(failover);
      return { openItems: found.flatMap(({ one, application }) => listOpen(one, application)) };
    },
  };
}

async function listPaused(failover: Failover): Promise<HeldApplication[]> {
  const found = await listFound(failover);
  return found.flatMap(({ one, application }) =>
    isPausedBy(application, failover.plan.runId) ? [one] : [],
  );
}

/**
 * Looks whether Git has let go of the host: Argo CD may compare, and not sync. Undefined when it has, or
 * never held it; otherwise the Application is paused again.
 */
async function findStuck(
  failover: Failover,
  one: HeldApplication,
  run: StepRun,
): Promise<Stuck | undefined> {
  if (one.pins.length === 0) return undefined;
  const { cluster } = failover.world;
  await patchApplication(cluster, one, () => ({
    metadata: { annotations: { [pausedAnnotation]: null, [refreshAnnotation]: "hard" } },
    // A sync that was asked for during the pause would begin.
    operation: null,
    ...forbidSync(one),
  }));
  const stuck = judge(one, await waitCompared(failover, one, run));
  if (stuck !== undefined) {
    await patchApplication(cluster, one, (found) => ({
      ...renderPause(failover.plan.runId),
      ...allowSync(one, found),
    }));
  }
  return stuck;
}

function judge(one: HeldApplication, compared: Application | undefined): Stuck | undefined {
  if (compared === undefined) {
    return { one, why: `Argo CD did not compare it in ${compareSeconds} s`, isBound: false };
  }
  if (compared.status?.sync?.status === "Unknown") {
    const why = listComplaints(compared).join("; ") || "Argo CD cannot compare it";
    return { one, why, isBound: false };
  }
  const differing = one.pins.filter((pin) => findState(compared, pin) !== "Synced");
  if (differing.length === 0) return undefined;
  const states = differing.map((pin) => `${describeWorkload(pin)} is ${findState(compared, pin)}`);
  return { one: { ...one, pins: differing }, why: states.join(", "), isBound: true };
}

/** How an object stands; one that Git has no more is nothing that Argo CD would put back. */
function findState(
  { status }: Application,
  wanted: { kind: string; namespace: string; name: string },
): string {
  const ofWanted = wanted.kind === "PersistentVolumeClaim" ? "" : "apps";
  const found = status?.resources?.find(
    ({ group = "", kind, namespace, name }) =>
      group === ofWanted &&
      kind === wanted.kind &&
      namespace === wanted.namespace &&
      name === wanted.name,
  );
  return found?.status ?? "Synced";
}

/** The Application once Argo CD has compared it since it was asked to; undefined if it did not in time. */
async function waitCompared(
  { world }: Failover,
  one: HeldApplication,
  run: StepRun,
): Promise<Application | undefined> {
  const end = world.clock.now() + compareSeconds * 1000;
  return await run.poll<Application | undefined>(async () => {
    const found = await world.cluster.find(refOfApplication(one));
    // Argo CD takes the annotation off when what it saw is in the status.
    if (found !== undefined && !(refreshAnnotation in (found.metadata.annotations ?? {})))
      return { done: found };
    if (found === undefined || world.clock.now() >= end) return { done: undefined };
    return { waiting: `Argo CD to compare ${one.name} (${describeApplication(found)})` };
  });
}

/** What a person has to know of an Application that is not this run's to heal. */
function listOpen(one: HeldApplication, application: Application): string[] {
  const differing = one.claims.map((claim) => ({
    claim,
    state: findClaimState(application, claim),
  }));
  return [
    ...differing.flatMap(({ claim, state }) =>
      state === "Synced"
        ? []
        : [`Git has claim ${claim} otherwise, as before: Application ${one.name} says ${state}`],
    ),
    ...(isPaused(application)
      ? one.pins.map(
          (pin) =>
            `before Application ${one.name} is resumed by who paused it: in ${one.source}, ${explainChange(pin)}`,
        )
      : []),
  ];
}

function findClaimState(application: Application, claim: string): string {
  const [namespace = "", name = ""] = claim.split("/");
  return findState(application, { kind: "PersistentVolumeClaim", namespace, name });
}
