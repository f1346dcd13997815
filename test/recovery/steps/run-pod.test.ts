import t from "tap";
import type { Pod } from "../../../lib/objects.ts";
import { readPodResult } from "../../../lib/recovery/steps/run-pod.ts";
import { createWorld } from "../../support/memory/world.ts";

const counted = { files: 1, directories: 1, symlinks: 0, bytes: 5 };
const message = JSON.stringify({ event: "walked", ...counted });

/** A pod as its kubelet tells of it right after its container has ended. */
function describePod(phase: string, exitCode: number): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "dr-run1-restore", namespace: "velero" },
    spec: { containers: [] },
    status: {
      phase,
      containerStatuses: [{ name: "work", state: { terminated: { exitCode, message } } }],
    },
  };
}

async function readResult(pod: Pod): Promise<unknown> {
  const world = await createWorld();
  world.cluster.find = (async () => pod) as typeof world.cluster.find;
  return (await readPodResult(world, { kind: "Pod", name: "dr-run1-restore" })).walked;
}

t.test("a container that has ended well is proof before its pod is called Succeeded", async (t) => {
  t.strictSame(await readResult(describePod("Succeeded", 0)), counted);
  t.strictSame(await readResult(describePod("Running", 0)), counted);
});

t.test("nothing else is", async (t) => {
  t.equal(await readResult(describePod("Failed", 0)), undefined);
  t.equal(await readResult(describePod("Running", 1)), undefined);
  const deleted = describePod("Succeeded", 0);
  deleted.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
  t.equal(await readResult(deleted), undefined);
  const running = describePod("Running", 0);
  running.status = { phase: "Running", containerStatuses: [{ name: "work", state: {} }] };
  t.equal(await readResult(running), undefined);
});
