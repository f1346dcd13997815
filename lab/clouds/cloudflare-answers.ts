import { createHash } from "node:crypto";
import type { TokenVerifyResponse } from "cloudflare/resources/user/tokens/tokens";
import type { Zone } from "cloudflare/resources/zones/zones";

/** 32 digits of base 16, as all ids are; the same for the same seed. */
export function makeId(seed: string): string {
  return createHash("sha256").update(seed).digest("hex").slice(0, 32);
}

/** What is told of a token. */
export function describeToken(
  value: string,
  status: TokenVerifyResponse["status"],
): TokenVerifyResponse {
  return { id: makeId(value), status } satisfies TokenVerifyResponse;
}

/** The servers that a zone is served by. */
export const nameServers = ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"];

/** A zone on the free plan that is served. */
export function describeZone(name: string, id: string, accountId: string): Zone {
  const created = "2026-01-01T00:00:00.000000Z";
  const owner = { id: accountId, name: "lab" };
  return {
    id,
    name,
    status: "active",
    paused: false,
    type: "full",
    account: owner,
    owner: { ...owner, type: "organization" },
    activated_on: created,
    created_on: created,
    modified_on: created,
    development_mode: 0,
    meta: { page_rule_quota: 3, phishing_detected: false },
    name_servers: nameServers,
    original_dnshost: null,
    original_name_servers: null,
    original_registrar: null,
    plan: { name: "Free Website", legacy_id: "free", can_subscribe: false, is_subscribed: false },
  } satisfies Zone;
}

/** One page of a list; an empty one behind the last. Throws for filters that are not emulated. */
export function paginate(
  items: readonly unknown[],
  query: URLSearchParams,
  filters: readonly string[],
  size: { usual: number; most: number },
): { result: unknown[]; result_info: object } {
  checkQuery(query, ["page", "per_page", ...filters]);
  const page = Number(query.get("page") ?? 1);
  const perPage = Number(query.get("per_page") ?? size.usual);
  if (!(page >= 1) || !(perPage >= 1) || perPage > size.most) {
    throw new Error(`page ${page} of ${perPage}`);
  }
  const result = items.slice((page - 1) * perPage, page * perPage);
  return {
    result,
    result_info: {
      page,
      per_page: perPage,
      count: result.length,
      total_count: items.length,
      total_pages: Math.ceil(items.length / perPage),
    },
  };
}

/** Sees that a query has nothing but these. */
export function checkQuery(query: URLSearchParams, known: readonly string[]): void {
  const other = [...query.keys()].find((name) => !known.includes(name));
  if (other !== undefined) throw new Error(`the query's ${other}`);
}
