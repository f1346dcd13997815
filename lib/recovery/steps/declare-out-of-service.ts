import type { Step } from "../../steps/step.ts";
import { outOfServiceTaint } from "../labels.ts";
import { findTaint, patchNode, withoutTaint } from "./patch-node.ts";
import type { Failover } from "./recovery.ts";
import { isAllReleased } from "./released-claim.ts";

/**
 * States to Kubernetes that the source is off for good. Its pods are deleted by force and the
 * controllers make new ones: those without volumes of the source are back at once.
 */
export function declareOutOfService({ world, plan }: Failover): Step {
  const { cluster } = world;
  const { source } = plan;

  async function isDeclared(): Promise<boolean> {
    const node = await cluster.find({ kind: "Node", name: source.name });
    return findTaint(node, outOfServiceTaint)?.effect === "NoExecute";
  }

  return {
    id: "declare-out-of-service",
    title: `Declare ${source.name} out of service (its pods are deleted by force)`,
    after: ["unpin-workloads"],
    timeoutSeconds: 30,
    waitsFor: "the API server to take the taint",
    async observe() {
      if (await isAllReleased({ world, plan }))
        return { state: "not-needed", note: "all is cut over already" };
      return (await isDeclared()) ? { state: "done" } : { state: "open" };
    },
    async act() {
      await patchNode(cluster, source.name, (node) => ({
        unschedulable: true,
        taints: [
          ...withoutTaint(node, outOfServiceTaint),
          { key: outOfServiceTaint, value: "nodeshutdown", effect: "NoExecute" },
        ],
      }));
    },
    async verify(run) {
      await run.poll(async () =>
        (await isDeclared()) ? { done: true } : { waiting: `the taint on ${source.name}` },
      );
      return { node: source.name };
    },
    async undo() {
      const node = await cluster.find({ kind: "Node", name: source.name });
      if (source.wasOutOfService || findTaint(node, outOfServiceTaint) === undefined)
        return undefined;
      await patchNode(cluster, source.name, (found) => ({
        taints: withoutTaint(found, outOfServiceTaint),
      }));
      return `${source.name} is no longer declared out of service`;
    },
  };
}
