import type { NewRecord, RecordList, ZoneRecord } from "../records.ts";
import type { Dns } from "../world.ts";
import { addressTypes } from "./check-records.ts";
import { isSameRecord } from "./content.ts";
import { findClaim, isRival, parseClaim, type RegistryClaim } from "./registry.ts";
import { canResolve, type Resolution, type Resolver } from "./resolver.ts";

/** Whose a name is: the list's of static ones, external-dns's, both at once, or nobody's we know. */
export type NameOwner = "tofu" | "external-dns" | "both" | "nobody";

/** The records of one type at a name. */
export interface NameStatus {
  name: string;
  type: string;
  owner: NameOwner;
  /** What external-dns made it for, and the id of that external-dns. */
  claim?: { owner: string; resource?: string };
  /** What Cloudflare has; none for a name that is only declared. */
  targets: string[];
  /** The shortest; 1 is left to Cloudflare. */
  ttlSeconds?: number;
  proxied: boolean;
  /** Undefined for what is not asked: a wildcard, or a rare type. */
  resolves?: Resolution;
  /** What is wrong with it. */
  findings: string[];
}

export interface DnsStatus {
  zone: string;
  names: NameStatus[];
  findings: number;
}

/**
 * Reads who owns every name of a zone, where it points and what it resolves to; changes nothing. The
 * texts of external-dns's registry are read, not listed. Throws what Dns throws.
 */
export async function readDnsStatus(
  { dns, resolver }: { dns: Dns; resolver: Resolver },
  { zone, records }: RecordList,
): Promise<DnsStatus> {
  const found = await dns.listRecords(zone);
  const names = await Promise.all(
    judgeNames(found, records).map(async (one): Promise<NameStatus> => {
      // Cloudflare answers with addresses of its own, whatever the record is.
      const type = one.proxied ? "A" : one.type;
      if (one.name.startsWith("*.") || !canResolve(type)) return one;
      return { ...one, resolves: await resolver.resolve(one.name, type) };
    }),
  );
  const findings = names.reduce((sum, one) => sum + one.findings.length, 0);
  return { zone, names, findings };
}

/** Holds what a zone has against what is declared and claimed, by name and type. */
function judgeNames(found: readonly ZoneRecord[], declared: readonly NewRecord[]): NameStatus[] {
  const claims = found.flatMap((one) => parseClaim(one) ?? []);
  const shown = found.filter((one) => parseClaim(one) === undefined);
  const foundBy = Map.groupBy(shown, nameKey);
  const keys = new Set([...foundBy.keys(), ...declared.map(nameKey)]);
  return [...keys]
    .toSorted()
    .map((key) => judgeName(key, foundBy.get(key) ?? [], { declared, claims }));
}

function judgeName(
  key: string,
  found: readonly NewRecord[],
  all: { declared: readonly NewRecord[]; claims: readonly RegistryClaim[] },
): NameStatus {
  const [name = "", type = ""] = key.split(" ");
  const declared = all.declared.filter((one) => nameKey(one) === key);
  const isOwned = all.declared.some(
    (one) => one.name === name && (one.type === type || isRival(one.type, type)),
  );
  const claim = findClaim(all.claims, { name, type });
  const owner = nameOwner(isOwned, claim !== undefined);
  const ttls = found.map(({ ttlSeconds }) => ttlSeconds);
  return {
    name,
    type,
    owner,
    ...(claim === undefined
      ? {}
      : {
          claim: {
            owner: claim.owner,
            ...(claim.resource === undefined ? {} : { resource: claim.resource }),
          },
        }),
    targets: found.map(showTarget).toSorted(),
    ...(ttls.length === 0 ? {} : { ttlSeconds: Math.min(...ttls) }),
    proxied: found.some(({ proxied }) => proxied),
    findings: [
      ...(owner === "both" ? ["declared, and claimed by external-dns"] : []),
      ...declared.flatMap((one) => explainDifference(one, found)),
      ...(isOwned ? findStrays(found, declared) : []),
    ],
  };
}

function nameOwner(isDeclared: boolean, isClaimed: boolean): NameOwner {
  if (isDeclared) return isClaimed ? "both" : "tofu";
  return isClaimed ? "external-dns" : "nobody";
}

function explainDifference(declared: NewRecord, found: readonly NewRecord[]): string[] {
  const real = found.find((one) => isSameRecord(one, declared));
  if (real === undefined) return [`declared as ${showTarget(declared)}`];
  return [
    ...(real.proxied === declared.proxied
      ? []
      : [`declared as ${declared.proxied ? "proxied" : "not proxied"}`]),
    ...(real.ttlSeconds === declared.ttlSeconds || real.proxied
      ? []
      : [`declared with TTL ${showTtl(declared.ttlSeconds)}`]),
  ];
}

/**
 * Addresses beside those that are declared; texts and the like have many owners. Where a declared one is
 * missing, what is there in its place was told with it.
 */
function findStrays(found: readonly NewRecord[], declared: readonly NewRecord[]): string[] {
  const isIn = (list: readonly NewRecord[]) => (one: NewRecord) =>
    list.some((other) => isSameRecord(one, other));
  if (!declared.every(isIn(found))) return [];
  const strays = found.filter((one) => addressTypes.includes(one.type) && !isIn(declared)(one));
  return strays.map((one) => `${showTarget(one)} is declared nowhere`);
}

function nameKey({ name, type }: { name: string; type: string }): string {
  return `${name} ${type}`;
}

function showTarget({ content, priority }: NewRecord): string {
  return priority === undefined ? content : `${priority} ${content}`;
}

/** A TTL for people. */
export function showTtl(seconds: number): string {
  return seconds === 1 ? "auto" : `${seconds} s`;
}
