import t from "tap";
import { createOutage } from "../../support/memory/outage.ts";
import { runToEnd } from "../../support/memory/run-failover.ts";
import type { MemoryWorld } from "../../support/memory/world.ts";

/** Backups of the run complete, but `spoil` gets every copy they make. */
function spoilCopies(world: MemoryWorld, spoil: (name: string) => void): () => void {
  let isOn = true;
  world.cluster.listeners.push((kind) => {
    if (kind !== "PodVolumeBackup" || !isOn) return;
    for (const { metadata, status } of world.cluster.all("PodVolumeBackup")) {
      if (metadata.name.startsWith("dr-") && status?.phase === "Completed") spoil(metadata.name);
    }
  });
  return () => {
    isOn = false;
  };
}

const spoilt: [string, (world: MemoryWorld, name: string) => void][] = [
  [
    "is missing",
    (world, name) => world.cluster.remove({ kind: "PodVolumeBackup", name, namespace: "velero" }),
  ],
  [
    "has failed",
    (world, name) =>
      void world.cluster.change(
        { kind: "PodVolumeBackup", name, namespace: "velero" },
        { status: { phase: "Failed" } },
      ),
  ],
];
for (const [what, spoil] of spoilt) {
  t.test(`a completed backup whose copy ${what} is none, and another one is made`, async (t) => {
    const world = await createOutage();
    const mend = spoilCopies(world, (name) => spoil(world, name));
    const first = await runToEnd(world);
    t.equal(first.outcome.failure?.error.code, "RECOVERY_NO_NEW_BACKUP");
    t.match(first.outcome.failure?.error.why, /demo\/data-db-0/);
    t.equal(first.exitCode, 5);
    t.equal(world.cluster.all("Schedule")[0]?.spec.paused, true, "schedules stay paused");
    t.ok(
      world.cluster
        .all("PersistentVolume")
        .every((one) => one.spec.persistentVolumeReclaimPolicy === "Retain"),
      "and all volumes are kept",
    );
    mend();
    t.equal((await runToEnd(world)).exitCode, 0);
    t.strictSame(
      world.cluster
        .all("Backup")
        .map((one) => one.metadata.name)
        .filter((name) => name.startsWith("dr-")),
      ["dr-run1", "dr-run1-2"],
    );
  });
}
