import t from "tap";
import { awaitBackups } from "../../lib/bootstrap/await-backups.ts";
import type { Cluster } from "../../lib/world.ts";
import { execute } from "../support/memory/execute.ts";

const location = { metadata: { name: "default" } };
const unread = { ...location, status: { phase: "Available" } };
const read = { ...location, status: { lastSyncedTime: "2026-01-01T00:00:00Z" } };

/** Waits, with what the cluster says of its storage locations, one answer after the other. */
async function wait(answers: object[][], backups: object[] = [{}, {}]) {
  const cluster = {
    list: async (kind: string) => {
      if (kind === "Backup") return backups;
      return answers.length > 1 ? answers.shift() : answers[0];
    },
  } as unknown as Cluster;
  const { outcome } = await execute((_log, clock) => [
    awaitBackups({ clock, openCluster: async () => cluster }, []),
  ]);
  return outcome;
}

t.test("it waits until there is a location, and until it was read", async (t) => {
  const outcome = await wait([[], [unread], [unread], [read]]);
  t.equal(outcome.exitCode, 0);
  t.strictSame(outcome.results[0]?.facts, { backups: 2 });
});

for (const [answers, why] of [
  [[[]], "there is no storage location"],
  [[[{ ...location, status: { phase: "Unavailable" } }]], "location default is Unavailable"],
] as const) {
  t.test(`what is never read is told: ${why}`, async (t) => {
    const outcome = await wait(answers.map((one) => [...one]));
    t.equal(outcome.exitCode, 4);
    t.match(outcome.failure?.error, { code: "BOOTSTRAP_BUCKET_UNREAD", why, fix: "kubectl" });
  });
}

t.test("a bucket without a backup is not taken for the one that is meant", async (t) => {
  const outcome = await wait([[read]], []);
  t.equal(outcome.failure?.error.code, "BOOTSTRAP_BUCKET_EMPTY");
});
