import type { Step } from "../../steps/step.ts";
import { quarantineTaint } from "../labels.ts";
import { findTaint, patchNode, withoutTaint } from "./patch-node.ts";
import type { Failover } from "./recovery.ts";
import { isAllReleased } from "./released-claim.ts";

/** Cordons the source and marks it as ours, so that nothing lands on it if it comes back. */
export function quarantineSource({ world, plan }: Failover): Step {
  const { cluster } = world;
  const { source, runId } = plan;

  async function isQuarantined(): Promise<boolean> {
    const node = await cluster.find({ kind: "Node", name: source.name });
    return node?.spec?.unschedulable === true && findTaint(node, quarantineTaint)?.value === runId;
  }

  return {
    id: "quarantine-source",
    title: `Cordon ${source.name} and taint it as quarantined`,
    after: ["judge-source"],
    timeoutSeconds: 30,
    waitsFor: "the API server to take the taint",
    async observe() {
      if (await isAllReleased({ world, plan }))
        return { state: "not-needed", note: "all is cut over already" };
      return (await isQuarantined()) ? { state: "done" } : { state: "open" };
    },
    async act() {
      await patchNode(cluster, source.name, (node) => ({
        unschedulable: true,
        taints: [
          ...withoutTaint(node, quarantineTaint),
          { key: quarantineTaint, value: runId, effect: "NoSchedule" },
        ],
      }));
    },
    async verify(run) {
      await run.poll(async () =>
        (await isQuarantined()) ? { done: true } : { waiting: `the taint on ${source.name}` },
      );
      return { node: source.name };
    },
    async undo() {
      // A node that was deleted has no cordon and no taint to take back.
      const node = await cluster.find({ kind: "Node", name: source.name });
      if (node === undefined) return undefined;
      const changed = await patchNode(cluster, source.name, (node) => {
        if (findTaint(node, quarantineTaint)?.value !== runId) return undefined;
        return {
          taints: withoutTaint(node, quarantineTaint),
          ...(source.wasCordoned ? {} : { unschedulable: false }),
        };
      });
      return changed ? `${source.name} as schedulable as before` : undefined;
    },
  };
}
