import { describeClaim } from "../../lib/recovery/names.ts";
import { bounds } from "./bounds.ts";
import { type Check, check, listFew } from "./check.ts";
import type { DrillFacts } from "./facts.ts";
import type { Figures } from "./figures.ts";

/** Whether the failover did what it says, left what it must, and nothing else. */
export function checkRun(facts: DrillFacts): Check[] {
  const { failover, oldVolumes, uploads, refusals, status, traps, powerAfterKill, source } = facts;
  const volumes = failover.report?.volumes ?? [];
  const notRecovered = volumes.filter(({ state }) => state !== "recovered");
  const gone = oldVolumes.filter(
    ({ policy, files, faults }) => policy !== "Retain" || files === 0 || faults.length > 0,
  );
  const share = uploads.second / uploads.first;
  const left = listLeft(facts);
  const applications = Object.entries(facts.applications);
  const notWell = applications.filter(([, state]) => state !== "well");
  const refused = Object.entries(refusals).map(([what, times]) => `${what} ${times} times`);
  return [
    check({
      id: "provider-not-told",
      title: "The provider did not know of the host's death",
      passed: powerAfterKill === "running",
      measured: `it said "${powerAfterKill}" after the kill`,
      wanted: '"running"',
    }),
    check({
      id: "failover-done",
      title: "The failover ended well, with every volume recovered",
      passed: failover.exitCode === 0 && volumes.length > 0 && notRecovered.length === 0,
      measured: `exit code ${failover.exitCode}, ${volumes.length - notRecovered.length} of ${volumes.length} volumes recovered${listFew(notRecovered.map(({ claim, state }) => `${describeClaim(claim)} ${state}`))}`,
      wanted: "exit code 0, all recovered",
    }),
    check({
      id: "old-volumes-kept",
      title: "The old volumes are there, kept, with their files on the dead host's disk",
      passed: oldVolumes.length > 0 && oldVolumes.length === volumes.length && gone.length === 0,
      measured: `${oldVolumes.length - gone.length} of ${volumes.length}${listFew(gone.map(({ name, policy, files, faults }) => `${name} is ${policy ?? "gone"} with ${files} files, ${faults.length} of them changed`))}`,
      wanted: "all of them",
    }),
    check({
      id: "second-backup-small",
      title: "The second backup uploaded only what had changed",
      passed: uploads.first > 0 && uploads.second > 0 && share <= bounds.secondBackupShare,
      measured: `${(share * 100).toFixed(1)} % (${uploads.second} of ${uploads.first} bytes)`,
      wanted: `at most ${bounds.secondBackupShare * 100} %`,
    }),
    check({
      id: "bucket-refused-nothing",
      title: "Nothing was asked of the bucket that Cloudflare R2 would refuse",
      passed: refused.length === 0,
      measured: `${refused.length} kinds of requests refused${listFew(refused)}`,
      wanted: "0 refused",
    }),
    check({
      id: "nothing-left-open",
      title: `Nothing but ${source} and its volumes is left cordoned, tainted, kept or paused`,
      passed: status.nodes.some(({ name }) => name === source) && left.length === 0,
      measured: left.length === 0 ? "nothing" : left.join(", "),
      wanted: "nothing",
    }),
    check({
      id: "git-agrees",
      title: "Every Application is Synced and Healthy: Git has nothing to say against the move",
      passed: applications.length > 0 && notWell.length === 0,
      measured: `${applications.length - notWell.length} of ${applications.length}${listFew(notWell.map(([name, state]) => `${name}: ${state}`))}`,
      wanted: "all of them",
    }),
    check({
      id: "traps-untouched",
      title: "Planted credentials of another place stayed unread and unchanged",
      passed: traps.planted > 0 && traps.touched.length === 0,
      measured: `${traps.touched.length} of ${traps.planted} touched${listFew(traps.touched)}`,
      wanted: "0 touched",
    }),
  ];
}

/** What the status lists beside the dead host and the volumes that it had. */
function listLeft({ status, source, oldVolumes }: DrillFacts): string[] {
  const old = new Set(oldVolumes.map(({ name }) => name));
  return [
    ...status.runs.map(({ id }) => `run ${id} is open`),
    ...status.nodes.filter(({ name }) => name !== source).map(({ name }) => `node ${name}`),
    ...status.volumes
      .filter(({ name }) => !old.has(name))
      .map(({ name, why }) => `${name}: ${why}`),
    ...status.schedules.map(({ name }) => `schedule ${name} is paused`),
    ...status.applications.map(({ name }) => `Application ${name} is paused`),
    ...status.pods.map(({ name }) => `pod ${name}`),
  ];
}

/** Whether it was fast enough. */
export function checkSpeed(facts: DrillFacts, figures: Figures): Check[] {
  const { cutOverToReady, databaseStart, killToReport, whole } = figures;
  const { gitopsSeconds } = facts;
  const limit = bounds.proofToReady + (databaseStart ?? NaN);
  return [
    check({
      id: "proof-to-ready",
      title: "From proof and restored volumes to Ready takes little more than the database's start",
      passed: cutOverToReady !== undefined && cutOverToReady <= limit,
      measured: renderSeconds(cutOverToReady),
      wanted: `at most ${bounds.proofToReady} s + the database's own start, ${renderSeconds(databaseStart)}`,
    }),
    ...figures.volumes.filter(({ how }) => how === "restored").map(checkRestore),
    check({
      id: "kill-to-report",
      title: "From the kill to the report",
      passed: killToReport <= bounds.killToReport,
      measured: renderSeconds(killToReport),
      wanted: `at most ${bounds.killToReport} s`,
    }),
    check({
      id: "ready-to-git",
      title: "From Ready nodes to all that Git has, with the shop's database filled",
      passed: gitopsSeconds <= bounds.gitops,
      measured: renderSeconds(gitopsSeconds),
      wanted: `at most ${bounds.gitops} s`,
    }),
    // What has to be built first takes as long as it takes.
    ...(facts.isWarm
      ? [
          check({
            id: "whole-drill",
            title: "The whole drill, with nothing to build",
            passed: whole <= bounds.whole,
            measured: renderSeconds(whole),
            wanted: `at most ${bounds.whole} s`,
          }),
        ]
      : []),
  ];
}

function checkRestore({ claim, seconds, kopia }: Figures["volumes"][number]): Check {
  const limit = (kopia?.median ?? NaN) * bounds.restoreFactor + bounds.restoreExtra;
  return check({
    id: `restore-pod:${claim}`,
    title: `The restore pod of ${claim} is hardly slower than kopia itself`,
    passed: seconds !== undefined && seconds <= limit,
    measured: renderSeconds(seconds),
    wanted: `at most ${bounds.restoreFactor} x ${renderSeconds(kopia?.median)} (kopia's own) + ${bounds.restoreExtra} s`,
  });
}

function renderSeconds(seconds: number | undefined): string {
  return seconds === undefined ? "unknown" : `${seconds.toFixed(2)} s`;
}
