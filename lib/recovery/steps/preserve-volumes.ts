import { hasCode } from "../../errors.ts";
import type { PersistentVolume } from "../../objects.ts";
import type { Step, StepRun } from "../../steps/step.ts";
import { policyBeforeAnnotation, runLabel } from "../labels.ts";
import type { VolumeToPreserve } from "../plan.ts";
import type { Recovery } from "./recovery.ts";

/** local-path's pods that empty a deleted volume's folder; they wait for a dead node to come back. */
const deleteHelperPrefix = "helper-pod-delete-";

/** Whose volumes are kept. */
export interface VolumeOwner {
  name: string;
  /** The node, if it is off: what waits there to empty folders must never start. */
  deadNode?: string;
}

/**
 * The first write of every run, which needs no proof since it only preserves: a volume with policy
 * Delete loses its data when its claim goes, even seconds after its node has come back.
 */
export function preserveVolumes({ world, plan }: Recovery, whose: VolumeOwner): Step {
  const { cluster } = world;
  const { preserve } = plan;

  async function findUnpreserved(): Promise<VolumeToPreserve[]> {
    const found = await Promise.all(preserve.map((one) => findVolume(one)));
    return preserve.filter(
      (_, index) => (found[index]?.spec.persistentVolumeReclaimPolicy ?? "Retain") !== "Retain",
    );
  }

  async function findVolume({
    name,
    uid,
  }: VolumeToPreserve): Promise<PersistentVolume | undefined> {
    const found = await cluster.find({ kind: "PersistentVolume", name });
    return found?.metadata.uid === uid ? found : undefined;
  }

  async function listDeleteHelpers(): Promise<{ name: string; namespace: string; uid: string }[]> {
    if (whose.deadNode === undefined) return [];
    const pods = await cluster.list("Pod", { fields: { "spec.nodeName": whose.deadNode } });
    return pods.flatMap(({ metadata: { name, namespace = "", uid = "" } }) =>
      name.startsWith(deleteHelperPrefix) ? [{ name, namespace, uid }] : [],
    );
  }

  return {
    id: "preserve-volumes",
    title: `Keep every volume of ${whose.name} (reclaim policy Retain)`,
    after: [],
    timeoutSeconds: 60,
    waitsFor: "the API server to take the new policies",
    async observe() {
      const [open, helpers] = await Promise.all([findUnpreserved(), listDeleteHelpers()]);
      return open.length + helpers.length === 0 ? { state: "done" } : { state: "open" };
    },
    async act() {
      for (const { name, uid, policy } of await findUnpreserved()) {
        await cluster.patch(
          { kind: "PersistentVolume", name },
          {
            metadata: {
              uid,
              labels: { [runLabel]: plan.runId },
              annotations: { [policyBeforeAnnotation]: policy },
            },
            spec: { persistentVolumeReclaimPolicy: "Retain" },
          },
        );
      }
      // Only now: a helper pod that goes while its volume is to be deleted is made again.
      for (const { name, namespace, uid } of await listDeleteHelpers()) {
        await cluster.delete({ kind: "Pod", name, namespace }, { uid, gracePeriodSeconds: 0 });
      }
    },
    async verify(run: StepRun) {
      await run.poll(async () => {
        const [open, helpers] = await Promise.all([findUnpreserved(), listDeleteHelpers()]);
        if (open.length + helpers.length === 0) return { done: true };
        return { waiting: [...open, ...helpers].map((one) => one.name).join(", ") };
      });
      return { volumes: preserve.map((one) => one.name) };
    },
    async undo() {
      const restored: string[] = [];
      for (const one of preserve) {
        const found = await findVolume(one);
        // A released volume with policy Delete is wiped at once: that one stays kept.
        if (found?.metadata.labels?.[runLabel] !== plan.runId || found.status?.phase !== "Bound")
          continue;
        try {
          await cluster.patch(
            { kind: "PersistentVolume", name: one.name },
            {
              metadata: {
                uid: one.uid,
                ...(found.metadata.resourceVersion === undefined
                  ? {}
                  : { resourceVersion: found.metadata.resourceVersion }),
                labels: { [runLabel]: null },
                annotations: { [policyBeforeAnnotation]: null },
              },
              spec: { persistentVolumeReclaimPolicy: one.policy },
            },
          );
        } catch (error) {
          if (!hasCode(error, "CLUSTER_NOT_FOUND")) throw error;
        }
        restored.push(one.name);
      }
      return restored.length === 0 ? undefined : `policy of ${restored.join(", ")} as before`;
    },
  };
}
