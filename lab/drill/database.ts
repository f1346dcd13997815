import type { DatabaseFacts } from "./facts.ts";
import type { Cluster } from "../kubectl.ts";
import { inShop } from "./shop.ts";
import { type Order, parseOrders, parseTillLog } from "./till-log.ts";

/** What the database has confirmed to the till, by the till's own log. */
export async function readConfirmed({ kubectl }: Cluster): Promise<Order[]> {
  return parseTillLog((await kubectl(["logs", inShop, "deployment/till"])).stdout);
}

/** The orders that are in the database. */
export async function readKept(cluster: Cluster): Promise<Order[]> {
  return parseOrders(await query(cluster, "SELECT n, extract(epoch FROM at) FROM orders"));
}

/** A digest of the tables that nobody writes; the order of the rows does not count. */
export async function readCatalogue(cluster: Cluster): Promise<string> {
  const digest = "sum(hashtextextended(a::text, 0)::numeric)";
  const sql = `SELECT count(*) || ' rows, digest ' || ${digest} FROM pgbench_accounts a`;
  return await query(cluster, sql);
}

/** Looks at every page of the database, its indexes against their tables. */
export async function examineDatabase(
  cluster: Cluster,
): Promise<Pick<DatabaseFacts, "amcheck" | "checksums" | "bytes">> {
  const examine = ["pg_amcheck", "--all", "--heapallindexed", "--install-missing"];
  const { code, stdout, stderr } = await cluster.kubectl(
    ["exec", inShop, "postgres-0", "--", ...examine],
    { allowedCodes: Array.from({ length: 256 }, (_, one) => one) },
  );
  const failures = "SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database";
  return {
    amcheck: { exitCode: code, output: `${stdout}${stderr}`.trim() },
    checksums: {
      enabled: (await query(cluster, "SHOW data_checksums")) === "on",
      failures: Number(await query(cluster, failures)),
    },
    bytes: Number(await query(cluster, "SELECT pg_database_size('shop')")),
  };
}

async function query({ kubectl }: Cluster, sql: string): Promise<string> {
  const psql = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command", sql, "shop"];
  return (await kubectl(["exec", inShop, "postgres-0", "--", ...psql])).stdout.trim();
}
