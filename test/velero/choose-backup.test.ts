import t from "tap";
import type { Backup, BackupStorageLocation, PodVolumeBackup } from "../../lib/objects.ts";
import { type BackupShelf, chooseBackup } from "../../lib/velero/choose-backup.ts";

const now = Date.parse("2026-06-01T12:00:00Z");
const claim = { namespace: "demo", name: "data" };

interface CopyChange {
  claim?: string;
  namespace?: string;
  uploaderType?: string;
  location?: string;
  /** UID of the claim that was copied. */
  claimUid?: string;
  status?: PodVolumeBackup["status"];
}

function makeCopy(
  name: string,
  backup: string,
  minutesAgo: number,
  change: CopyChange = {},
): PodVolumeBackup {
  return {
    apiVersion: "velero.io/v1",
    kind: "PodVolumeBackup",
    metadata: {
      name,
      annotations: { "velero.io/pvc-name": change.claim ?? "data" },
      ...(change.claimUid === undefined
        ? {}
        : { labels: { "velero.io/pvc-uid": change.claimUid } }),
    },
    spec: {
      backupStorageLocation: change.location ?? "default",
      node: "a",
      pod: { namespace: change.namespace ?? "demo", name: "db-0" },
      volume: "data",
      uploaderType: change.uploaderType ?? "kopia",
      tags: { backup },
    },
    status: {
      phase: "Completed",
      snapshotID: `snapshot-${name}`,
      startTimestamp: new Date(now - minutesAgo * 60_000).toISOString(),
      progress: { totalBytes: 100 },
      ...change.status,
    },
  };
}

function makeShelf(
  podVolumeBackups: PodVolumeBackup[],
  phases: Record<string, Backup["status"]> = {},
): BackupShelf {
  const names = new Set(podVolumeBackups.map((copy) => copy.spec.tags?.["backup"] ?? ""));
  const backups = [...names].map((name): [string, Backup] => [
    name,
    {
      apiVersion: "velero.io/v1",
      kind: "Backup",
      metadata: { name },
      spec: {},
      status: { phase: "Completed", startTimestamp: "2026-06-01T11:00:00Z", ...phases[name] },
    },
  ]);
  const location: BackupStorageLocation = {
    apiVersion: "velero.io/v1",
    kind: "BackupStorageLocation",
    metadata: { name: "default" },
    spec: { provider: "aws", objectStorage: { bucket: "b" } },
  };
  return {
    podVolumeBackups,
    backups: new Map(backups),
    locations: new Map([["default", location]]),
  };
}

t.test("the newest usable copy wins, whatever the order of the list", async (t) => {
  const shelf = makeShelf([
    makeCopy("old", "b1", 120),
    makeCopy("new", "b3", 10),
    makeCopy("mid", "b2", 60),
  ]);
  const { chosen, passedOver } = chooseBackup(claim, shelf, "latest", now);
  t.match(chosen, { podVolumeBackup: "new", backup: "b3", snapshotId: "snapshot-new", bytes: 100 });
  t.equal(chosen?.backupStartedAt, "2026-06-01T11:00:00Z");
  t.strictSame(passedOver, []);
});

t.test("a backup may be named", async (t) => {
  const shelf = makeShelf([makeCopy("old", "b1", 120), makeCopy("new", "b3", 10)]);
  t.equal(chooseBackup(claim, shelf, "b1", now).chosen?.podVolumeBackup, "old");
  t.equal(chooseBackup(claim, shelf, "b9", now).chosen, undefined);
});

const faults: [string, CopyChange, RegExp][] = [
  [
    "a failed copy, though it has a snapshot",
    { status: { phase: "Failed", snapshotID: "s" } },
    /Failed/,
  ],
  ["a copy that hangs", { status: { phase: "InProgress" } }, /InProgress/],
  ["a copy without a snapshot", { status: { phase: "Completed", snapshotID: "" } }, /no snapshot/],
  ["a copy made by restic", { uploaderType: "restic" }, /restic/],
  ["a copy in a location that is gone", { location: "gone" }, /"gone"/],
];
for (const [name, change, reason] of faults) {
  t.test(`passed over: ${name}`, async (t) => {
    const shelf = makeShelf([makeCopy("good", "b1", 120), makeCopy("bad", "b2", 10, change)]);
    const { chosen, passedOver } = chooseBackup(claim, shelf, "latest", now);
    t.equal(chosen?.podVolumeBackup, "good");
    t.match(passedOver, [{ podVolumeBackup: "bad", reason }]);
  });
}

const parents: [string, Backup["status"], RegExp | undefined][] = [
  ["still running", { phase: "InProgress" }, /still InProgress/],
  ["expired", { expiration: "2026-06-01T11:59:59Z" }, /expired/],
  ["failed in parts, which leaves this copy whole", { phase: "PartiallyFailed" }, undefined],
];
for (const [name, status, reason] of parents) {
  t.test(`the backup of a copy is ${name}`, async (t) => {
    const shelf = makeShelf([makeCopy("one", "b1", 10)], { b1: status });
    const { chosen, passedOver } = chooseBackup(claim, shelf, "latest", now);
    t.equal(chosen?.podVolumeBackup, reason === undefined ? "one" : undefined);
    if (reason !== undefined) t.match(passedOver, [{ reason }]);
  });
}

t.test("a copy whose backup was deleted is not used: its snapshot goes with it", async (t) => {
  const shelf = makeShelf([makeCopy("one", "b1", 10)]);
  shelf.backups.clear();
  t.match(chooseBackup(claim, shelf, "latest", now).passedOver, [{ reason: /not in the cluster/ }]);
});

t.test("other claims and other namespaces do not count", async (t) => {
  const shelf = makeShelf([
    makeCopy("other-claim", "b1", 10, { claim: "logs" }),
    makeCopy("other-namespace", "b1", 10, { namespace: "prod" }),
  ]);
  t.strictSame(chooseBackup(claim, shelf, "latest", now), { passedOver: [] });
});

t.test("a copy of the same claim in another cluster is passed over", async (t) => {
  const wanted = { ...claim, uid: "ours", createdAt: new Date(now - 90 * 60_000).toISOString() };
  const shelf = makeShelf([
    makeCopy("earlier-generation", "b1", 120, { claimUid: "ours-before" }),
    makeCopy("other-cluster", "b2", 10, { claimUid: "theirs" }),
  ]);
  const { chosen, passedOver } = chooseBackup(wanted, shelf, "latest", now);
  t.equal(chosen?.podVolumeBackup, "earlier-generation", "what is older than the claim counts");
  t.match(passedOver, [{ podVolumeBackup: "other-cluster", reason: /another cluster/ }]);
  shelf.podVolumeBackups.push(makeCopy("own", "b1", 60, { claimUid: "ours" }));
  t.equal(chooseBackup(wanted, shelf, "latest", now).chosen?.podVolumeBackup, "own");
});

t.test("an empty volume has a usable copy of no bytes", async (t) => {
  const shelf = makeShelf([makeCopy("one", "b1", 10, { status: { progress: {} } })]);
  // `progress: {}` is what Velero writes for a volume without files.
  const copy = shelf.podVolumeBackups[0];
  if (copy?.status)
    copy.status = {
      ...copy.status,
      phase: "Completed",
      snapshotID: "s",
      startTimestamp: "2026-06-01T11:50:00Z",
    };
  t.equal(chooseBackup(claim, shelf, "latest", now).chosen?.bytes, 0);
});
