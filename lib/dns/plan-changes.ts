import type { ErrorDetails } from "../errors.ts";
import type { NewRecord, RecordChanges, ZoneRecord } from "../records.ts";
import { isSameRecord, normalizeRecord } from "./content.ts";
import { isInZone } from "./names.ts";
import { findClaim, isRival, parseClaim, type RegistryClaim } from "./registry.ts";

/** What is to become of records that are declared: those of `before` that are not in `after` go. */
export interface WantedRecords {
  zone: string;
  before: readonly NewRecord[];
  after: readonly NewRecord[];
  /** Declared as well: they stay as they are, and may stand beside. */
  beside?: readonly NewRecord[];
}

export interface PlannedChanges extends RecordChanges {
  /** What forbids them; a plan with one is never carried out. */
  blockers: ErrorDetails[];
}

/** Those whose content is all that they hold; the others are tofu's to change. */
const changeableTypes = ["A", "AAAA", "CNAME", "MX", "NS", "TXT"];

/**
 * Plans what brings a zone from `before` to `after`. Only records are touched that one of the two
 * declares word for word, and that no external-dns claims; whatever else there is at these names is
 * somebody else's, and forbids an address beside it.
 */
export function planChanges(found: readonly ZoneRecord[], wanted: WantedRecords): PlannedChanges {
  // Or a name in capital letters would escape the claim on it.
  const [before, after] = [wanted.before.map(normalizeRecord), wanted.after.map(normalizeRecord)];
  const kept = found.filter((one) => after.some((other) => isSameRecord(one, other)));
  const outdated = found.filter(
    (one) => !kept.includes(one) && before.some((other) => isSameRecord(one, other)),
  );
  const missing = after.filter((one) => !kept.some((other) => isSameRecord(one, other)));
  const deletes = new Set(outdated);
  const edits: ZoneRecord[] = [];
  const creates: NewRecord[] = [];
  for (const record of kept) {
    const target = after.find((one) => isSameRecord(one, record));
    if (target !== undefined && !isKeptAlike(record, target)) {
      const { ttlSeconds, proxied } = target;
      edits.push({ ...record, ttlSeconds, proxied });
    }
  }
  for (const record of missing) {
    const old = [...deletes].find(({ name, type }) => name === record.name && type === record.type);
    if (old === undefined) creates.push(record);
    else {
      deletes.delete(old);
      edits.push({ ...record, id: old.id });
    }
  }
  const changes = { deletes: [...deletes], edits, creates };
  const beside = wanted.beside ?? [];
  const others = found.filter(
    (one) =>
      !kept.includes(one) &&
      !outdated.includes(one) &&
      !beside.some((other) => isSameRecord(one, other)),
  );
  return { ...changes, blockers: findBlockers(changes, { zone: wanted.zone, found, others }) };
}

/** Whether there is nothing to change. */
export function isDone({ deletes, edits, creates }: RecordChanges): boolean {
  return deletes.length + edits.length + creates.length === 0;
}

function isKeptAlike(one: NewRecord, other: NewRecord): boolean {
  return one.ttlSeconds === other.ttlSeconds && one.proxied === other.proxied;
}

interface Surroundings {
  zone: string;
  found: readonly ZoneRecord[];
  /** The records that no list declares. */
  others: readonly ZoneRecord[];
}

function findBlockers(
  { deletes, edits, creates }: RecordChanges,
  { zone, found, others }: Surroundings,
): ErrorDetails[] {
  const claims = found.flatMap((one) => parseClaim(one) ?? []);
  return [...deletes, ...edits, ...creates].flatMap((record): ErrorDetails[] => {
    const claim = findClaim(claims, record);
    if (claim !== undefined) return [ownedByExternalDns(record, claim)];
    if (!changeableTypes.includes(record.type)) return [leftToTofu(record)];
    if (!isInZone(record.name, zone)) return [outsideZone(record, zone)];
    if (deletes.some((one) => one === record)) return [];
    const rival = others.find((one) => one.name === record.name && isRival(one.type, record.type));
    return rival === undefined ? [] : [inTheWay(record, rival)];
  });
}

function ownedByExternalDns({ name, type }: NewRecord, claim: RegistryClaim): ErrorDetails {
  const { owner, resource } = claim;
  return {
    code: "DNS_OWNED_BY_OTHER",
    message: `the ${type} record ${name} belongs to external-dns, owner "${owner}"`,
    why: `Its registry has it${resource === undefined ? "" : ` for ${resource}`}; whatever is changed there, it changes back.`,
    fix: "Take the name away from one of the two: from the records, or from the object in the cluster",
  };
}

function inTheWay({ name, type, content }: NewRecord, rival: ZoneRecord): ErrorDetails {
  const there = `${rival.type} ${rival.content}`;
  if ((type === "CNAME") === (rival.type === "CNAME")) {
    return {
      code: "DNS_OWNED_BY_OTHER",
      message: `"${name}" has a record that is declared nowhere: ${there}`,
      why: `Beside it, resolvers would give out ${content} and ${rival.content} in turn.`,
      fix: "Find out who made it; remove it by hand, or declare it",
    };
  }
  return {
    code: "DNS_CNAME_NOT_ALONE",
    message: `"${name}" cannot have ${type} ${content}: it has a record that is declared nowhere, ${there}`,
    why: "A name with a CNAME has no address of its own (RFC 1034, section 3.6.2).",
    fix: "Find out who made it; remove it by hand, or give up the other name",
  };
}

function leftToTofu({ name, type }: NewRecord): ErrorDetails {
  return {
    code: "DNS_TYPE_UNSUPPORTED",
    message: `the ${type} record ${name} can only be changed by tofu`,
    why: `Through the API only these are: ${changeableTypes.join(", ")}.`,
    fix: "Change it with tofu",
  };
}

function outsideZone({ name }: NewRecord, zone: string): ErrorDetails {
  return {
    code: "DNS_OUTSIDE_ZONE",
    message: `"${name}" is not in the zone ${zone}`,
    why: `Cloudflare appends the zone to such a name, and makes ${name}.${zone}.`,
    fix: "Write the whole name, or declare it where its zone is",
  };
}
