import { hasCode } from "../../errors.ts";
import type { PodVolumeBackup, Schedule } from "../../objects.ts";
import type { Step } from "../../steps/step.ts";
import { veleroNamespace } from "../../velero/names.ts";
import { pausedByAnnotation } from "../labels.ts";
import { cancelCopy, listHanging } from "./hanging-copies.ts";
import type { Recovery } from "./recovery.ts";

/**
 * Holds the schedules of the moving namespaces, and ends backups that wait for the dead node, if
 * there is one.
 */
export function pauseSchedules(
  { world, plan }: Recovery,
  after: string[],
  deadNode?: string,
): Step {
  const { cluster } = world;

  async function listRunning(): Promise<Schedule[]> {
    const found = await listSchedules({ world, plan });
    return found.filter((schedule) => schedule.spec.paused !== true);
  }

  async function listToCancel(): Promise<PodVolumeBackup[]> {
    if (deadNode === undefined) return [];
    return (await listHanging(world, deadNode)).filter(({ spec }) => spec.cancel !== true);
  }

  return {
    id: "pause-schedules",
    title: "Pause the backup schedules of what moves",
    after,
    timeoutSeconds: 60,
    waitsFor: "the API server to take the changes",
    async observe() {
      const [running, hanging] = await Promise.all([listRunning(), listToCancel()]);
      if (running.length + hanging.length > 0) return { state: "open" };
      return { state: "done" };
    },
    async act() {
      for (const { metadata } of await listRunning()) {
        await cluster.patch(scheduleRef(metadata.name), {
          metadata: { annotations: { [pausedByAnnotation]: plan.runId } },
          spec: { paused: true },
        });
      }
      for (const copy of await listToCancel()) await cancelCopy(world, copy);
    },
    async verify() {
      return { paused: plan.schedules };
    },
    async undo() {
      const resumed = await resume({ world, plan });
      return resumed.length === 0 ? undefined : `schedules ${resumed.join(", ")} run again`;
    },
    undoIsAlwaysRight: true,
  };
}

/** Lets the schedules that this run paused go on. */
export function resumeSchedules(recovery: Recovery): Step {
  return {
    id: "resume-schedules",
    title: "Resume the backup schedules",
    after: ["back-up-again"],
    timeoutSeconds: 60,
    waitsFor: "the API server to take the changes",
    async observe() {
      const held = await listHeld(recovery);
      return held.length === 0 ? { state: "done" } : { state: "open" };
    },
    async act() {
      await resume(recovery);
    },
    async verify() {
      return { resumed: recovery.plan.schedules };
    },
  };
}

async function resume(recovery: Recovery): Promise<string[]> {
  const held = await listHeld(recovery);
  for (const { metadata } of held) {
    try {
      await recovery.world.cluster.patch(scheduleRef(metadata.name), {
        metadata: { annotations: { [pausedByAnnotation]: null } },
        spec: { paused: false },
      });
    } catch (error) {
      if (!hasCode(error, "CLUSTER_NOT_FOUND")) throw error;
    }
  }
  return held.map((schedule) => schedule.metadata.name);
}

async function listHeld(recovery: Recovery): Promise<Schedule[]> {
  const found = await listSchedules(recovery);
  return found.filter(
    ({ metadata }) => metadata.annotations?.[pausedByAnnotation] === recovery.plan.runId,
  );
}

async function listSchedules({ world, plan }: Recovery): Promise<Schedule[]> {
  const all = await world.cluster.list("Schedule", { namespace: veleroNamespace });
  return all.filter((schedule) => plan.schedules.includes(schedule.metadata.name));
}

function scheduleRef(name: string): { kind: "Schedule"; name: string; namespace: string } {
  return { kind: "Schedule", name, namespace: veleroNamespace };
}
