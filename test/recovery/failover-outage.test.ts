import t from "tap";
import {
  createDeploymentOutage,
  createOutage,
  goDown,
  listStarts,
} from "../support/memory/outage.ts";
import { refuseCreates } from "../support/memory/faults.ts";
import { runToEnd } from "../support/memory/run-failover.ts";
import {
  addBackup,
  addDeployment,
  addStatefulSet,
  rebuiltDatabase,
} from "../support/memory/workloads.ts";
import { createWorld, findPod, type MemoryWorld, target } from "../support/memory/world.ts";

t.test("a Deployment whose pod was evicted already is waited for once", async (t) => {
  const world = await createDeploymentOutage();
  // 300 s after NotReady the taint manager deletes the pod; its kubelet cannot confirm it, and the
  // ReplicaSet makes another one, Pending on the old claim.
  const { name = "", uid = "" } = findPod(world, "files-")?.metadata ?? {};
  await world.cluster.delete({ kind: "Pod", namespace: "demo", name }, { uid });
  await world.settle(300);
  const { outcome } = await runToEnd(world);
  t.equal(outcome.state, "done", JSON.stringify(outcome.failure));
  t.strictSame(listStarts(world), [`demo/uploads: pictures on ${target}`]);
});

t.test("a claim that no pod uses is moved, and the run ends", async (t) => {
  const world = await createDeploymentOutage();
  const { name = "" } = findPod(world, "files-")?.metadata ?? {};
  world.cluster.remove({ kind: "ReplicaSet", namespace: "demo", name: "files" });
  world.cluster.remove({ kind: "Pod", namespace: "demo", name });
  const { outcome } = await runToEnd(world);
  t.equal(outcome.state, "done", JSON.stringify(outcome.failure));
  const claim = world.cluster.all("PersistentVolumeClaim")[0];
  t.match(claim?.spec.volumeName, /^dr-/);
});

t.test("an app that is not Ready does not keep the others from coming back", async (t) => {
  const world = await createWorld();
  await addStatefulSet(world, "db", [{ name: "data", content: "rows", backupAge: 300 }]);
  await addDeployment(world, "web", [{ name: "uploads", content: "pictures", backupAge: 300 }]);
  await goDown(world);
  // The large volume is the database's; the web app is Ready only when the database answers.
  slowDown(world, "data-db-0", 1200);
  world.cluster.listeners.push((kind) => {
    if (kind !== "Pod") return;
    const web = findPod(world, "web-");
    if (web === undefined || !isReadyOnTarget(world, "web-")) return;
    if (isReadyOnTarget(world, "db-0")) return;
    world.cluster.change(
      { kind: "Pod", namespace: "demo", name: web.metadata.name },
      { status: { conditions: [{ type: "Ready", status: "False" }] } },
    );
  });
  const { outcome } = await runToEnd(world);
  t.ok(
    listStarts(world).includes(`demo/data-db-0: rows on ${target}`),
    JSON.stringify(outcome.failure),
  );
});

function slowDown(world: MemoryWorld, claim: string, seconds: number): void {
  const { runPod } = world.hosts;
  world.hosts.runPod = (pod) => {
    const env = pod.spec.containers[0]?.env ?? [];
    const folder = env.find((one) => one.name === "FOLDER")?.value ?? "";
    return folder.endsWith(claim) ? seconds : runPod(pod);
  };
}

function isReadyOnTarget(world: MemoryWorld, prefix: string): boolean {
  const pod = findPod(world, prefix);
  return pod?.spec.nodeName === target && pod.status?.conditions?.[0]?.status === "True";
}

t.test("what else fails in the namespace does not keep the schedules paused", async (t) => {
  const world = await createOutage();
  world.cluster.listeners.push((kind) => {
    if (kind !== "Backup") return;
    for (const { metadata, status } of world.cluster.all("Backup")) {
      if (!metadata.name.startsWith("dr-") || status?.phase !== "Completed") continue;
      const ref = { kind: "Backup", name: metadata.name, namespace: "velero" } as const;
      world.cluster.change(ref, { status: { phase: "PartiallyFailed" } });
    }
  });
  const { outcome } = await runToEnd(world);
  t.equal(outcome.state, "done", JSON.stringify(outcome.failure));
  t.equal(world.cluster.all("Schedule")[0]?.spec.paused, false);
});

t.test("an image pull that fails once does not undo hours of restore", async (t) => {
  const world = await createWorld();
  await addStatefulSet(world, "db", rebuiltDatabase);
  await goDown(world);
  const { runPod } = world.hosts;
  world.hosts.runPod = (pod) => {
    const { name, namespace = "" } = pod.metadata;
    if (!name.includes("-rebuild-")) return runPod(pod);
    const ref = { kind: "Pod", namespace, name } as const;
    const waiting = [{ name: "rebuild", state: { waiting: { reason: "ErrImagePull" } } }];
    world.clock.after(0.5, () =>
      world.cluster.change(ref, { status: { initContainerStatuses: waiting } }),
    );
    world.clock.after(5, () =>
      world.cluster.change(ref, { status: { initContainerStatuses: [] } }),
    );
    return 8;
  };
  const { outcome } = await runToEnd(world);
  t.equal(outcome.state, "done", JSON.stringify(outcome.failure));
});

t.test("a newer backup of another cluster in the same bucket is not restored", async (t) => {
  const world = await createOutage();
  const { uid } = world.cluster.all("PersistentVolumeClaim")[0]?.metadata ?? {};
  setClaimUid(world, "hourly-300-data-db-0-copy", uid);
  await addBackup(world, "data-db-0", { content: "staging rows" }, 30);
  setClaimUid(world, "hourly-30-data-db-0-copy", "of-staging");
  await runToEnd(world);
  t.strictSame(listStarts(world), [`demo/data-db-0: rows on ${target}`]);
});

function setClaimUid(world: MemoryWorld, name: string, uid: string | undefined): void {
  const ref = { kind: "PodVolumeBackup", name, namespace: "velero" } as const;
  world.cluster.change(ref, { metadata: { labels: { "velero.io/pvc-uid": uid } } });
}

t.test("a new volume that somebody went back from is not wiped", async (t) => {
  const world = await createOutage();
  // The first backup on the target takes hours; in that time somebody goes back to the old volume.
  refuseCreates(world, (object) => {
    if (object.kind !== "Backup") return undefined;
    world.cluster.remove({ kind: "StatefulSet", namespace: "demo", name: "db" });
    world.cluster.remove({ kind: "PersistentVolumeClaim", namespace: "demo", name: "data-db-0" });
    return undefined;
  });
  await runToEnd(world);
  await world.settle(60);
  t.strictSame(world.controllers.wiped, []);
});

t.test("a hollow newest backup is passed over, and said so", async (t) => {
  const world = await createOutage({ backupAge: 600 });
  await addBackup(world, "data-db-0", { content: "nothing" }, 120, { phase: "Failed" });
  await addBackup(world, "data-db-0", { content: "nothing" }, 60, { snapshotID: "" });
  await addBackup(world, "data-db-0", { content: "nothing" }, 30, { backupPhase: "InProgress" });
  const { plan, exitCode } = await runToEnd(world);
  t.equal(exitCode, 0);
  t.strictSame(
    world.controllers.starts.map((start) => start.content),
    ["rows"],
  );
  t.strictSame(
    plan.units[0]?.volumes[0]?.passedOver.map((one) => one.reason),
    [
      "its backup is still InProgress",
      "it holds no snapshot",
      "its phase is Failed, not Completed",
    ],
  );
});

t.test("two claims with one name in two namespaces do not meet", async (t) => {
  const world = await createWorld();
  await addDeployment(world, "files", [{ name: "data", content: "pictures", backupAge: 300 }]);
  await addBackup(world, "data", { content: "somebody else's" }, 10);
  const stranger = world.cluster
    .all("PodVolumeBackup")
    .find((one) => one.metadata.name.startsWith("hourly-10"));
  world.cluster.change(
    { kind: "PodVolumeBackup", name: stranger?.metadata.name ?? "", namespace: "velero" },
    { spec: { pod: { namespace: "other" } } },
  );
  await goDown(world);
  t.equal((await runToEnd(world)).exitCode, 0);
  t.strictSame(
    world.controllers.starts.map((start) => start.content),
    ["pictures"],
  );
});
