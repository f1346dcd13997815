import t from "tap";
import type { MergePatch } from "../../../lib/world.ts";
import { isClaimOfRun, refuseCreates } from "../../support/memory/faults.ts";
import {
  createDeploymentOutage,
  createOutage,
  goDown,
  listStarts,
} from "../../support/memory/outage.ts";
import { runToEnd } from "../../support/memory/run-failover.ts";
import { addStatefulSet } from "../../support/memory/workloads.ts";
import { createWorld, type MemoryWorld, target } from "../../support/memory/world.ts";

const uploads = { kind: "PersistentVolumeClaim", namespace: "demo", name: "uploads" } as const;

t.test("one answer that is lost between DELETE and POST does not stop the cut-over", async (t) => {
  const world = await createOutage();
  let lost = 0;
  refuseCreates(world, (object) => {
    if (!isClaimOfRun(object) || lost > 0) return undefined;
    lost += 1;
    return "CLUSTER_TIMEOUT";
  });
  const { outcome } = await runToEnd(world);
  t.equal(lost, 1);
  t.equal(outcome.state, "done", JSON.stringify(outcome.failure));
});

t.test("nothing is posted any more once the cut-over has failed", async (t) => {
  const world = await createWorld();
  await addStatefulSet(world, "db", [
    { name: "data", content: "rows", backupAge: 300 },
    { name: "log", content: "log", backupAge: 300 },
  ]);
  await goDown(world);
  let posts = 0;
  refuseCreates(world, (object) => {
    if (!isClaimOfRun(object)) return undefined;
    if (object.metadata.name === "data-db-0") return "CLUSTER_FORBIDDEN";
    posts += 1;
    return "CLUSTER_QUOTA";
  });
  const { exitCode } = await runToEnd(world);
  t.equal(exitCode, 5);
  const before = posts;
  await world.settle(5);
  t.equal(posts, before);
});

/** The claim's owner makes it again before the run does; gives the run's patches of that claim. */
function makeClaimFirst(world: MemoryWorld, onPatch: () => void = () => undefined): MergePatch[] {
  const patches: MergePatch[] = [];
  const { create, patch } = world.cluster;
  let made = false;
  world.cluster.create = async (object, options) => {
    const isFree = world.cluster.peek(uploads) === undefined;
    if (isClaimOfRun(object) && options?.dryRun !== true && isFree && !made) {
      made = true;
      const { volumeName: _, ...spec } = object.spec;
      await create({ ...object, spec });
    }
    return await create(object, options);
  };
  world.cluster.patch = async (ref, change) => {
    if (ref.kind === "PersistentVolumeClaim") {
      patches.push(change);
      onPatch();
    }
    return await patch(ref, change);
  };
  return patches;
}

t.test("a claim that its owner made first is given our volume by name", async (t) => {
  const world = await createDeploymentOutage();
  const patches = makeClaimFirst(world);
  const { outcome } = await runToEnd(world);
  t.equal(outcome.state, "done", JSON.stringify(outcome.failure));
  const { uid } = world.cluster.peek(uploads)?.metadata ?? {};
  t.match(patches, [
    { metadata: { uid, resourceVersion: /^\d+$/ }, spec: { volumeName: /^dr-run1-volume-/ } },
  ]);
  t.strictSame(listStarts(world), [`demo/uploads: pictures on ${target}`]);
});

t.test("a claim that got another volume before it could be given ours is left alone", async (t) => {
  const world = await createDeploymentOutage();
  makeClaimFirst(world, () =>
    world.cluster.change(uploads, { spec: { volumeName: "pvc-foreign" } }),
  );
  const { exitCode, outcome } = await runToEnd(world);
  t.equal(outcome.failure?.error.code, "CUTOVER_FOREIGN_VOLUME", JSON.stringify(outcome.failure));
  t.equal(exitCode, 5);
  t.equal(world.cluster.peek(uploads)?.spec.volumeName, "pvc-foreign");
});

t.test("a claim is moved only when it is bound, and to our volume", async (t) => {
  const world = await createOutage();
  // The volume controller binds no more once the claims are made.
  const { find } = world.cluster;
  world.cluster.find = async (ref) => {
    const found = await find(ref);
    if (ref.kind !== "PersistentVolumeClaim" || found === undefined) return found;
    return isClaimOfRun(found) ? { ...found, status: { phase: "Pending" } } : found;
  };
  const { exitCode, outcome } = await runToEnd(world);
  t.equal(exitCode, 5);
  t.equal(outcome.failure?.error.code, "STEP_TIMEOUT");
  t.match(outcome.failure?.error.why, /demo\/data-db-0 to be Bound/);
});
