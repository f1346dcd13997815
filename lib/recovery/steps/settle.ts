import type { PersistentVolume, Pod } from "../../objects.ts";
import { ownNamespace } from "../../steps/lock.ts";
import type { Step } from "../../steps/step.ts";
import { veleroNamespace } from "../../velero/names.ts";
import { runLabel } from "../labels.ts";
import { listBackedUp, listVolumes } from "../plan.ts";
import type { Recovery } from "./recovery.ts";
import { refOf, removePod } from "./run-pod.ts";

/**
 * With the new backup made, our volumes become like any other of their class, and the pods of the
 * run go. The old volumes stay as they are.
 */
export function settle({ world, plan }: Recovery): Step {
  const { cluster } = world;

  async function listUnsettled(): Promise<
    { volume: PersistentVolume; policy: "Retain" | "Delete" }[]
  > {
    const unsettled: { volume: PersistentVolume; policy: "Retain" | "Delete" }[] = [];
    for (const { newVolume, oldVolume } of listBackedUp(plan)) {
      // What was Retain by its owner's wish stays so.
      if (!plan.preserve.some((one) => one.name === oldVolume.name)) continue;
      const volume = await cluster.find({
        kind: "PersistentVolume",
        name: newVolume.metadata.name,
      });
      const className = newVolume.spec.storageClassName ?? "";
      const found = await cluster.find({ kind: "StorageClass", name: className });
      const policy = found?.reclaimPolicy ?? "Retain";
      // Released and Delete is executed at once, on what may be the newest data.
      if (volume?.status?.phase !== "Bound") continue;
      if (volume.spec.persistentVolumeReclaimPolicy !== policy) {
        unsettled.push({ volume, policy });
      }
    }
    return unsettled;
  }

  async function listPods(): Promise<Pod[]> {
    const labels = { [runLabel]: plan.runId };
    const lists = await Promise.all(
      [veleroNamespace, ownNamespace].map((namespace) =>
        cluster.list("Pod", { namespace, labels }),
      ),
    );
    return lists.flat();
  }

  return {
    id: "settle",
    title: "Give the new volumes the policy of their class, remove the run's pods",
    after: ["resume-schedules"],
    timeoutSeconds: 120,
    waitsFor: "the run's pods to go",
    async observe() {
      const [volumes, pods] = await Promise.all([listUnsettled(), listPods()]);
      return volumes.length + pods.length === 0 ? { state: "done" } : { state: "open" };
    },
    async act(run) {
      for (const { volume, policy } of await listUnsettled()) {
        const { name, uid, resourceVersion } = volume.metadata;
        await cluster.patch(
          { kind: "PersistentVolume", name },
          { metadata: { uid, resourceVersion }, spec: { persistentVolumeReclaimPolicy: policy } },
        );
      }
      for (const pod of await listPods()) await removePod(world, refOf(pod), run);
    },
    async verify() {
      return { volumes: listVolumes(plan).map((one) => one.newVolume.metadata.name) };
    },
  };
}
