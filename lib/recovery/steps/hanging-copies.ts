import { hasCode } from "../../errors.ts";
import type { PodVolumeBackup } from "../../objects.ts";
import { veleroNamespace } from "../../velero/names.ts";
import type { World } from "../../world.ts";
import { outOfServiceTaint } from "../labels.ts";
import { findTaint } from "./patch-node.ts";

const terminal = ["Completed", "Failed", "Canceled"];

/** The copies of a node's volumes that are not ended. */
export async function listHanging(
  { cluster }: Pick<World, "cluster">,
  node: string,
): Promise<PodVolumeBackup[]> {
  const copies = await cluster.list("PodVolumeBackup", { namespace: veleroNamespace });
  return copies.filter(
    ({ spec, status }) => spec.node === node && !terminal.includes(status?.phase || "New"),
  );
}

/** Asks Velero to cancel a copy. It does so at once for one that has not begun, and else in its own time. */
export async function cancelCopy(
  { cluster }: Pick<World, "cluster">,
  { metadata }: PodVolumeBackup,
  status: PodVolumeBackup["status"] = {},
): Promise<void> {
  const { name, uid } = metadata;
  try {
    await cluster.patch(
      { kind: "PodVolumeBackup", name, namespace: veleroNamespace },
      {
        metadata: { uid },
        spec: { cancel: true },
        ...(status.phase === undefined ? {} : { status }),
      },
    );
  } catch (error) {
    if (!hasCode(error, "CLUSTER_NOT_FOUND", "CLUSTER_CONFLICT")) throw error;
  }
}

/**
 * Ends the copies of a node while it is declared out of service, which is said of one that is off, in the words of its own agent, which nobody would say any
 * more. Their backup waits for them, an hour long or four, and keeps every other backup queued (Velero
 * 1.18.3: pkg/podvolume/backupper.go, pkg/controller/data_upload_controller.go, cancelDelayInProgress).
 * A backup that was begun before the schedules were paused may go on making new ones.
 */
export async function endHanging(world: World, node: string): Promise<void> {
  const found = await world.cluster.find({ kind: "Node", name: node });
  if (findTaint(found, outOfServiceTaint) === undefined) return;
  const completionTimestamp = new Date(world.clock.now()).toISOString();
  const status = { phase: "Canceled", message: `${node} is off`, completionTimestamp };
  for (const copy of await listHanging(world, node)) await cancelCopy(world, copy, status);
}
