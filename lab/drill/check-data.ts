import { bounds } from "./bounds.ts";
import { type Check, check, listFew } from "./check.ts";
import type { DrillFacts } from "./facts.ts";
import { findReadyAt } from "./figures.ts";
import type { Order } from "./till-log.ts";
import { compareTrees } from "./tree.ts";

/** The claim that is made again from the base backup. */
export const rebuiltClaim = "shop/data-postgres-0";

/** Whether the data that came back is the data that was there. */
export function checkData(facts: DrillFacts): Check[] {
  return [...checkOrders(facts), ...checkDatabase(facts), ...checkTrees(facts)];
}

function checkOrders({ orders, killedAt, failover }: DrillFacts): Check[] {
  const announced = failover.report?.volumes.find(
    ({ claim }) => `${claim.namespace}/${claim.name}` === rebuiltClaim,
  );
  const point = Date.parse(announced?.recoveryPoint ?? "");
  const kept = new Map(orders.kept.map(({ n, at }) => [n, at]));
  // Between the kill and the failover's start nobody could write.
  const early = orders.confirmed.filter(({ at }) => at < failover.startedAt);
  const settled = early.filter(({ at }) => at < point);
  const lost = early.filter(({ n }) => !kept.has(n));
  const lostTooEarly = settled.filter(({ n }) => !kept.has(n));
  const survivors = orders.kept.filter(({ at }) => at < failover.startedAt);
  const loss = (killedAt - findLast(survivors)) / 1000;
  const window = (killedAt - point) / 1000;
  const silence = Math.max(0, (killedAt - findLast(early)) / 1000);
  const changed = orders.confirmed.filter(({ n, at }) => (kept.get(n) ?? at) !== at);
  const readyAt = findReadyAt(failover.steps) ?? Infinity;
  const late = orders.confirmed.filter(({ at }) => at > readyAt);
  const lateAndLost = late.filter(({ n }) => !kept.has(n));
  const { ordersBefore, ordersAfter, tillSilence } = bounds;
  return [
    check({
      id: "till-wrote-until-the-kill",
      title: "The till wrote before the recovery point, after it, and until the kill",
      passed:
        settled.length >= ordersBefore && early.length > settled.length && silence <= tillSilence,
      measured: `${settled.length} orders before the recovery point, ${early.length - settled.length} after it, the last one ${silence.toFixed(1)} s before the kill`,
      wanted: `at least ${ordersBefore}, at least 1, at most ${tillSilence} s`,
    }),
    check({
      id: "nothing-lost-before-the-recovery-point",
      title: "No order confirmed before the announced recovery point is missing",
      passed: settled.length > 0 && lostTooEarly.length === 0,
      measured: `${lostTooEarly.length} of ${settled.length} missing${listFew(lostTooEarly.map(({ n }) => `order ${n}`))}`,
      wanted: "0 missing",
    }),
    check({
      id: "loss-within-the-window",
      title: "What was lost is no more than was announced",
      passed: survivors.length > 0 && loss <= window,
      measured: `${Math.max(0, loss).toFixed(1)} s before the kill was the last order that survived; ${lost.length} orders lost`,
      wanted: `at most ${window.toFixed(1)} s (from the recovery point to the kill)`,
    }),
    check({
      id: "orders-unchanged",
      title: "Every order that was kept is as it was confirmed",
      passed: kept.size === orders.kept.length && changed.length === 0,
      measured: `${changed.length} changed${listFew(changed.map(({ n }) => `order ${n}`))}, ${orders.kept.length - kept.size} twice`,
      wanted: "0 changed, 0 twice",
    }),
    check({
      id: "till-goes-on",
      title: "The till goes on writing to the database that was moved",
      passed: late.length >= ordersAfter && lateAndLost.length === 0,
      measured: `${late.length} orders confirmed since it is Ready, ${lateAndLost.length} of them missing`,
      wanted: `at least ${ordersAfter}, 0 missing`,
    }),
  ];
}

function checkDatabase({ database }: DrillFacts): Check[] {
  const { amcheck, checksums, catalogue, bytes } = database;
  return [
    check({
      id: "database-whole",
      title: "pg_amcheck finds no fault in any table or index",
      passed: amcheck.exitCode === 0,
      measured:
        amcheck.exitCode === 0 ? "none found" : `code ${amcheck.exitCode}: ${amcheck.output}`,
      wanted: "none found",
    }),
    check({
      id: "checksums-right",
      title: "Every page that was read has the right checksum",
      passed: checksums.enabled && checksums.failures === 0,
      measured: checksums.enabled ? `${checksums.failures} wrong` : "checksums are off",
      wanted: "checksums on, 0 wrong",
    }),
    check({
      id: "catalogue-equal",
      title: "The tables that nobody writes are the same, row by row",
      passed: catalogue.before !== "" && catalogue.before === catalogue.after,
      measured: `${catalogue.after}, was ${catalogue.before}`,
      wanted: "the same digest",
    }),
    check({
      id: "database-large-enough",
      title: "There was enough data to prove something",
      passed: bytes >= bounds.databaseBytes,
      measured: `${(bytes / 1e6).toFixed(0)} MB`,
      wanted: `at least ${bounds.databaseBytes / 1e6} MB`,
    }),
  ];
}

function checkTrees({ trees }: DrillFacts): Check[] {
  const faults = trees.flatMap(({ claim, before, after }) =>
    compareTrees(before, after).map((fault) => `${claim}: ${fault}`),
  );
  const entries = trees.reduce((sum, { before }) => sum + Object.keys(before).length, 0);
  return [
    check({
      id: "files-equal",
      title: "Every file of the second workload is equal by content, mode and owner",
      passed: trees.length > 0 && entries > trees.length && faults.length === 0,
      measured: `${faults.length} differences in ${entries} files, folders and links of ${trees.length} volumes${listFew(faults)}`,
      wanted: "0 differences",
    }),
  ];
}

function findLast(orders: readonly Order[]): number {
  return orders.reduce((last, { at }) => Math.max(last, at), -Infinity);
}
