import { isPaused } from "../../argocd/pause.ts";
import type { Step, StepRun } from "../../steps/step.ts";
import {
  areHeld,
  holdApplications,
  isPausedBy,
  listFound,
  resumeApplication,
} from "./hold-applications.ts";
import type { Failover } from "./recovery.ts";
import { isAllReleased } from "./released-claim.ts";
import { freeWorkloads } from "./unpin-workloads.ts";

/** Pauses the Applications whose Git works against the move, and those that make them. */
export function pauseGitops(failover: Failover): Step {
  const { plan } = failover;
  return {
    id: "pause-gitops",
    title: "Pause the Applications whose Git works against the move",
    after: ["judge-source"],
    timeoutSeconds: 120,
    waitsFor: "their syncs to end",
    async observe() {
      if (plan.gitops.length === 0)
        return { state: "not-needed", note: "no Application works against the move" };
      if (await isAllReleased(failover))
        return { state: "not-needed", note: "all is cut over already" };
      return { state: (await areHeld(failover)) ? "done" : "open" };
    },
    async act(run) {
      await holdApplications(failover, run);
    },
    async verify() {
      const paused = (await listFound(failover)).filter(({ application }) => isPaused(application));
      const [own, others] = [true, false].map((isOwn) =>
        paused
          .filter(({ application }) => isPausedBy(application, plan.runId) === isOwn)
          .map(({ one }) => one.name),
      );
      return { paused: own, pausedByOthers: others };
    },
    async undo() {
      const resumed: string[] = [];
      for (const one of plan.gitops.toReversed()) {
        if (await resumeApplication(failover, one)) resumed.push(one.name);
      }
      return resumed.length === 0 ? undefined : `Applications ${resumed.join(", ")} go on`;
    },
  };
}

/**
 * Sees right before a claim is moved that Git still does not work against it: hours may have passed,
 * and somebody may have resumed what this run had paused.
 */
export async function keepGitOff(failover: Failover, run: StepRun): Promise<void> {
  if (failover.plan.gitops.length === 0) return;
  if (!(await areHeld(failover))) await holdApplications(failover, run);
  await freeWorkloads(failover);
}
