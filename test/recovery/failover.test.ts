import t from "tap";
import { buildReport } from "../../lib/recovery/report.ts";
import { readStatus } from "../../lib/recovery/status.ts";
import { goDown } from "../support/memory/outage.ts";
import { runFailover } from "../support/memory/run-failover.ts";
import { addDeployment, addStatefulSet, rebuiltDatabase } from "../support/memory/workloads.ts";
import { createWorld, findPod, source, target } from "../support/memory/world.ts";

t.test("a dead host's workloads come back on the target with their data", async (t) => {
  const world = await createWorld();
  await addStatefulSet(world, "db", rebuiltDatabase);
  await addDeployment(world, "files", [
    { name: "uploads", content: "pictures", backupAge: 300 },
    { name: "index", content: "search index", backupAge: 300 },
  ]);
  await goDown(world);

  const { result, events } = await runFailover(world);

  t.equal(result.kind, "ran");
  if (result.kind !== "ran") return;
  t.equal(result.outcome.state, "done", JSON.stringify(result.outcome.failure));
  t.equal(result.exitCode, 0);

  t.strictSame(
    Object.fromEntries(world.controllers.starts.map(({ claim, content }) => [claim, content])),
    {
      "demo/data-db-0": "rebuilt from base backup",
      "demo/base-db-0": "base backup",
      "demo/uploads": "pictures",
      "demo/index": "search index",
    },
    "every app starts once, on its data",
  );
  t.ok(world.controllers.starts.every((start) => start.node === target));
  t.strictSame(world.controllers.wiped, [], "no folder was emptied");
  t.equal(
    world.hosts.machines.get(source)?.power,
    "off",
    "the provider was told, though the host was dead",
  );

  const volumes = world.cluster.all("PersistentVolume");
  const old = volumes.filter((volume) => volume.metadata.name.startsWith("pvc-"));
  t.equal(old.length, 4, "the old volumes still exist");
  t.ok(old.every((volume) => volume.spec.persistentVolumeReclaimPolicy === "Retain"));
  const own = volumes.filter((volume) => volume.metadata.name.startsWith("dr-"));
  t.strictSame(
    own.map((volume) => volume.spec.persistentVolumeReclaimPolicy),
    ["Delete", "Delete", "Delete", "Delete"],
    "the new volumes have the policy of their class",
  );
  t.equal(findPod(world, "dr-"), undefined, "no pod of the run is left");
  const schedule = world.cluster.all("Schedule")[0];
  t.equal(schedule?.spec.paused, false, "the schedule goes on");
  t.equal(schedule?.metadata.annotations?.["infra-k3s.io/paused-by"], undefined);

  const report = buildReport(result.plan, result.outcome, await readStatus(world));
  t.strictSame(report.volumes.map(({ claim, state }) => `${claim.name} ${state}`).toSorted(), [
    "base-db-0 recovered",
    "data-db-0 recovered",
    "index recovered",
    "uploads recovered",
  ]);
  t.ok((report.proofToReadySeconds ?? 99) < 3, `proof to Ready in ${report.proofToReadySeconds} s`);
  t.ok(report.openItems.some((item) => item.includes("out of service")));
  t.equal(result.run.state, "closed");

  const order = events
    .filter((one) => one.kind === "step-done")
    .map((one) => "step" in one && one.step);
  t.ok(
    order.indexOf("restore:demo/uploads") < order.indexOf("fence-source"),
    "restores run beside the judging",
  );
  t.ok(order.indexOf("fence-source") < order.indexOf("declare-out-of-service"));
});
