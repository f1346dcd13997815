import t from "tap";
import { awaitBackups } from "../../lib/bootstrap/await-backups.ts";
import type { Cluster } from "../../lib/world.ts";
import { execute } from "../support/memory/execute.ts";

const location = { metadata: { name: "default" } };
const unread = { ...location, status: { phase: "Available" } };
const read = { ...location, status: { lastSyncedTime: "2026-01-01T00:00:00Z" } };

/** Waits, with what the cluster says of its storage locations, one answer after the other. */
async function wait(
  answers: object[][],
  { backups = [{}, {}], claims = [[]] }: { backups?: object[]; claims?: object[][] } = {},
) {
  const cluster = {
    list: async (kind: string) => {
      if (kind === "Backup") return backups;
      if (kind === "PersistentVolumeClaim") return claims.length > 1 ? claims.shift() : claims[0];
      return answers.length > 1 ? answers.shift() : answers[0];
    },
  } as unknown as Cluster;
  const { outcome, seconds } = await execute((_log, clock) => [
    awaitBackups({ clock, openCluster: async () => cluster }, []),
  ]);
  return { outcome, seconds };
}

t.test("it waits until there is a location, and until it was read", async (t) => {
  const { outcome } = await wait([[], [unread], [unread], [read]]);
  t.equal(outcome.exitCode, 0);
  t.strictSame(outcome.results[0]?.facts, { backups: 2 });
});

for (const [answers, why] of [
  [[[]], "there is no storage location"],
  [[[{ ...location, status: { phase: "Unavailable" } }]], "location default is Unavailable"],
] as const) {
  t.test(`what is never read is told: ${why}`, async (t) => {
    const { outcome } = await wait(answers.map((one) => [...one]));
    t.equal(outcome.exitCode, 4);
    t.match(outcome.failure?.error, { code: "BOOTSTRAP_BUCKET_UNREAD", why, fix: "kubectl" });
  });
}

t.test("a bucket without a backup is not taken for the one that is meant", async (t) => {
  const { outcome } = await wait([[read]], { backups: [] });
  t.equal(outcome.failure?.error.code, "BOOTSTRAP_BUCKET_EMPTY");
});

t.test("claims are given time to get their volumes, and not for ever", async (t) => {
  const asleep = { metadata: { name: "asleep" }, spec: {} };
  const placed = { metadata: { name: "asleep" }, spec: { volumeName: "pvc-1" } };
  const soon = await wait([[read]], { claims: [[asleep], [asleep], [placed]] });
  t.equal(soon.outcome.exitCode, 0);
  t.ok(soon.seconds < 10, `${soon.seconds} s`);
  const never = await wait([[read]], { claims: [[asleep]] });
  t.equal(never.outcome.exitCode, 0);
  t.ok(never.seconds >= 60, `${never.seconds} s`);
});
