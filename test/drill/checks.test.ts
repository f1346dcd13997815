import t from "tap";
import type { DrillFacts } from "../../lab/drill/facts.ts";
import { buildDrillReport } from "../../lab/drill/report.ts";
import { at, makeFacts, moments, step } from "../support/drill-facts.ts";

function listFailed(facts: DrillFacts): string[] {
  const { checks, limits } = buildDrillReport(facts);
  return [...checks, ...limits].filter(({ passed }) => !passed).map(({ id }) => id);
}

t.test("a drill in which all went well passes", async (t) => {
  const report = buildDrillReport(makeFacts());
  t.strictSame(listFailed(makeFacts()), []);
  t.equal(report.passed, true);
  t.equal(report.wasFastEnough, true);
});

/** What may go wrong, with the one check that has to see it. */
const faults: readonly { what: string; seenBy: string; spoil: (facts: DrillFacts) => unknown }[] = [
  {
    what: "an order from before the recovery point is missing",
    seenBy: "nothing-lost-before-the-recovery-point",
    spoil: ({ orders }) => remove(orders.kept, ({ n }) => n === 300),
  },
  {
    what: "the database ends long before the recovery point",
    seenBy: "loss-within-the-window",
    spoil: ({ orders }) => {
      remove(orders.kept, (one) => one.at > at(50) && one.at < at(100));
      remove(orders.confirmed, (one) => one.at > at(50) && one.at < at(60));
    },
  },
  {
    what: "no order from before the kill is there",
    seenBy: "loss-within-the-window",
    spoil: ({ orders }) => remove(orders.kept, (one) => one.at < at(100)),
  },
  {
    what: "an order was changed",
    seenBy: "orders-unchanged",
    spoil: ({ orders }) => (orders.kept[5] = { n: 6, at: at(3) }),
  },
  {
    what: "an order is there twice",
    seenBy: "orders-unchanged",
    spoil: ({ orders }) => orders.kept.push({ n: 6, at: at(0.5) }),
  },
  {
    what: "the till was silent before the kill, so nothing could be lost",
    seenBy: "till-wrote-until-the-kill",
    spoil: ({ orders }) => remove(orders.confirmed, (one) => one.at > at(75) && one.at < at(100)),
  },
  {
    what: "the till wrote nothing after the recovery point",
    seenBy: "till-wrote-until-the-kill",
    spoil: ({ orders }) => remove(orders.confirmed, (one) => one.at > at(60) && one.at < at(100)),
  },
  {
    what: "the till does not find the database again",
    seenBy: "till-goes-on",
    spoil: ({ orders }) => remove(orders.confirmed, (one) => one.at > at(100)),
  },
  {
    what: "an order that was confirmed after the failover is missing",
    seenBy: "till-goes-on",
    spoil: ({ orders }) => remove(orders.kept, ({ n }) => n === 1050),
  },
  {
    what: "an index does not fit its table",
    seenBy: "database-whole",
    spoil: ({ database }) => (database.amcheck = { exitCode: 2, output: "heap tuple lacks" }),
  },
  {
    what: "a page has a wrong checksum",
    seenBy: "checksums-right",
    spoil: ({ database }) => (database.checksums.failures = 1),
  },
  {
    what: "checksums are off",
    seenBy: "checksums-right",
    spoil: ({ database }) => (database.checksums.enabled = false),
  },
  {
    what: "a row of the catalogue is another one",
    seenBy: "catalogue-equal",
    spoil: ({ database }) => (database.catalogue.after = "1500000 rows, digest 8"),
  },
  {
    what: "the database is a small one",
    seenBy: "database-large-enough",
    spoil: ({ database }) => (database.bytes = 8_000_000),
  },
  {
    what: "a file has another mode",
    seenBy: "files-equal",
    spoil: (facts) => spoilTree(facts, { mode: "0600" }),
  },
  {
    what: "a file has another owner",
    seenBy: "files-equal",
    spoil: (facts) => spoilTree(facts, { owner: "1000:0" }),
  },
  {
    what: "a file has other bytes",
    seenBy: "files-equal",
    spoil: (facts) => spoilTree(facts, { content: "abd" }),
  },
  {
    what: "no file was compared",
    seenBy: "files-equal",
    spoil: (facts) => (facts.trees = []),
  },
  {
    what: "an old volume lacks a file",
    seenBy: "old-volumes-kept",
    spoil: (facts) => spoilOldVolume(facts, { faults: ["picture is gone"] }),
  },
  {
    what: "an old volume is gone",
    seenBy: "old-volumes-kept",
    spoil: ({ oldVolumes }) => delete oldVolumes[0]?.policy,
  },
  {
    what: "an old volume would be deleted with its claim",
    seenBy: "old-volumes-kept",
    spoil: (facts) => spoilOldVolume(facts, { policy: "Delete" }),
  },
  {
    what: "the folder of an old volume was wiped",
    seenBy: "old-volumes-kept",
    spoil: (facts) => spoilOldVolume(facts, { files: 0 }),
  },
  {
    what: "an old volume was not looked at",
    seenBy: "old-volumes-kept",
    spoil: (facts) => (facts.oldVolumes = facts.oldVolumes.slice(1)),
  },
  {
    what: "the second backup uploads all again",
    seenBy: "second-backup-small",
    spoil: ({ uploads }) => (uploads.second = 30_000_000),
  },
  {
    what: "a backup uploads nothing, so nothing was counted",
    seenBy: "second-backup-small",
    spoil: (facts) => (facts.uploads = { first: 0, second: 0 }),
  },
  {
    what: "something was asked of the bucket that R2 refuses",
    seenBy: "bucket-refused-nothing",
    spoil: (facts) => (facts.refusals = { "x-amz-tagging": 2 }),
  },
  {
    what: "a volume moved without proof",
    seenBy: "failover-done",
    spoil: ({ failover }) => {
      const [first] = failover.report?.volumes ?? [];
      if (first !== undefined) first.state = "moved, proof in the journal";
    },
  },
  {
    what: "the failover says that something is not Ready",
    seenBy: "failover-done",
    spoil: ({ failover }) => (failover.exitCode = 1),
  },
  {
    what: "the provider knew",
    seenBy: "provider-not-told",
    spoil: (facts) => (facts.powerAfterKill = "off"),
  },
  {
    what: "another node is cordoned",
    seenBy: "nothing-left-open",
    spoil: ({ status }) =>
      status.nodes.push({ name: "vps-vultr-1", cordoned: true, outOfService: false }),
  },
  {
    what: "the dead host is not held",
    seenBy: "nothing-left-open",
    spoil: ({ status }) => status.nodes.splice(0),
  },
  {
    what: "a schedule is paused",
    seenBy: "nothing-left-open",
    spoil: ({ status }) => status.schedules.push({ name: "critical", pausedBy: "run1" }),
  },
  {
    what: "a new volume is still kept",
    seenBy: "nothing-left-open",
    spoil: ({ status }) =>
      status.volumes.push({ name: "dr-1", claim: "-", phase: "Bound", policy: "Retain", why: "?" }),
  },
  {
    what: "a run is open",
    seenBy: "nothing-left-open",
    spoil: ({ status }) =>
      status.runs.push({ id: "run1", command: "", startedAt: "", irreversible: true }),
  },
  {
    what: "a pod of the run is left",
    seenBy: "nothing-left-open",
    spoil: ({ status }) =>
      status.pods.push({ name: "dr-run1-restore", namespace: "velero", phase: "Succeeded" }),
  },
  {
    what: "a planted kubeconfig was read",
    seenBy: "traps-untouched",
    spoil: (facts) => (facts.traps = { planted: 12, touched: ["kubeconfig was read"] }),
  },
  {
    what: "nothing was planted",
    seenBy: "traps-untouched",
    spoil: (facts) => (facts.traps = { planted: 0, touched: [] }),
  },
  {
    what: "Ready comes late after the proof",
    seenBy: "proof-to-ready",
    spoil: ({ failover }) =>
      Object.assign(failover, {
        steps: failover.steps.map((one) =>
          one.id === "fence-source" ? { ...one, facts: { provenAt: at(126) } } : one,
        ),
      }),
  },
  {
    what: "the database's own start was not seen",
    seenBy: "proof-to-ready",
    spoil: ({ database }) => delete database.startMilliseconds,
  },
  {
    what: "a restore pod is slow",
    seenBy: "restore-pod:shop/base-postgres-0",
    spoil: ({ failover }) =>
      Object.assign(failover, {
        steps: failover.steps.map((one) =>
          one.id.startsWith("restore:") ? step(one.id, 80, 86) : one,
        ),
      }),
  },
  {
    what: "kopia's own restore was not measured",
    seenBy: "restore-pod:shop/base-postgres-0",
    spoil: (facts) => (facts.kopia = []),
  },
  {
    what: "the report comes late",
    seenBy: "kill-to-report",
    spoil: ({ failover }) => (failover.endedAt = at(moments.kill + 121)),
  },
  {
    what: "the whole takes long",
    seenBy: "whole-drill",
    spoil: (facts) => (facts.endedAt = at(301)),
  },
  {
    what: "an Application is not well in the end",
    seenBy: "git-agrees",
    spoil: (facts) => (facts.applications = { bootstrap: "well", shop: "OutOfSync" }),
  },
  {
    what: "an Application stays paused",
    seenBy: "git-agrees",
    spoil: (facts) => (facts.applications = { bootstrap: "well", shop: "paused" }),
  },
  {
    what: "Argo CD could not be asked",
    seenBy: "git-agrees",
    spoil: (facts) => (facts.applications = {}),
  },
  {
    what: "the cluster takes long to become what Git says",
    seenBy: "ready-to-git",
    spoil: (facts) => (facts.gitopsSeconds = 181),
  },
  {
    what: "nobody has measured that",
    seenBy: "ready-to-git",
    spoil: (facts) => (facts.gitopsSeconds = NaN),
  },
];

for (const { what, seenBy, spoil } of faults) {
  t.test(`it is seen when ${what}`, async (t) => {
    const facts = makeFacts();
    spoil(facts);
    t.ok(listFailed(facts).includes(seenBy), listFailed(facts).join(", "));
    const { passed, wasFastEnough, limits } = buildDrillReport(facts);
    if (limits.some(({ id }) => id === seenBy)) t.equal(wasFastEnough, false);
    else t.equal(passed, false);
  });
}

t.test("a drill whose failover never ran fails in all that it was for", async (t) => {
  const facts = makeFacts();
  facts.failover = { ...facts.failover, exitCode: 2, steps: [] };
  delete facts.failover.report;
  facts.oldVolumes = [];
  const failed = listFailed(facts);
  for (const id of [
    "failover-done",
    "old-volumes-kept",
    "loss-within-the-window",
    "proof-to-ready",
  ]) {
    t.ok(failed.includes(id), id);
  }
});

t.test("restores that end after the proof count from their own end", async (t) => {
  const facts = makeFacts();
  const { steps } = facts.failover;
  facts.failover = {
    ...facts.failover,
    steps: steps.map((one) =>
      one.id.startsWith("rebuild:")
        ? step(one.id, 127, 129)
        : one.id === "fence-source"
          ? step(one.id, 100, 101, { provenAt: at(101) })
          : one,
    ),
  };
  t.strictSame(listFailed(facts), []);
  const { recovery } = buildDrillReport(facts);
  t.equal(recovery.proofToReady, 29);
  t.equal(recovery.cutOverToReady, 1);
});

t.test("a drill that had to build first may take its time", async (t) => {
  const facts = { ...makeFacts(), isWarm: false, endedAt: at(1800) };
  t.strictSame(listFailed(facts), []);
});

function remove<T>(items: readonly T[], test: (item: T) => boolean): void {
  const list = items as T[];
  const rest = list.filter((item) => !test(item));
  list.splice(0, Infinity, ...rest);
}

function spoilTree(facts: DrillFacts, fault: Record<string, string>): void {
  facts.trees = facts.trees.map((one) => ({
    ...one,
    after: { ...one.after, picture: { ...one.after["picture"], ...fault } as never },
  }));
}

function spoilOldVolume(
  facts: DrillFacts,
  fault: { policy?: string; files?: number; faults?: string[] },
): void {
  facts.oldVolumes = facts.oldVolumes.map((one) => ({ ...one, ...fault }));
}
