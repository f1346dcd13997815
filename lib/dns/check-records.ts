import { isInZone, normalizeName } from "./names.ts";
import type { DnsRecord, DnsRecords } from "./records.schema.ts";

/** Of these, a name has one kind only, and one owner. */
export const addressTypes = ["A", "AAAA", "CNAME", "NS"];

/** What is wrong with a record. */
export interface RecordFault {
  code:
    | "DNS_TARGET"
    | "DNS_PRIORITY"
    | "DNS_OUTSIDE_ZONE"
    | "DNS_RECORD_TWICE"
    | "DNS_CNAME_NOT_ALONE";
  /** Of the record's fields. */
  key: keyof DnsRecord;
  message: string;
  why: string;
  fix: string;
}

/** What is wrong with the declared records, the first fault of each, with its number in the list. */
export function findRecordFaults({
  zone,
  records,
}: DnsRecords): (RecordFault & { index: number })[] {
  const byName = Map.groupBy(records, ({ name }) => normalizeName(name));
  return records.flatMap((record, index) => {
    const all = byName.get(normalizeName(record.name)) ?? [];
    const before = all.slice(0, all.indexOf(record));
    const fault =
      explainTarget(record) ??
      explainPriority(record) ??
      explainName(record, zone) ??
      explainOthers(record, before, zone);
    return fault === undefined ? [] : [{ ...fault, index }];
  });
}

function explainTarget({ name, type, content, node }: DnsRecord): RecordFault | undefined {
  const isAddress = type === "A" || type === "AAAA";
  if ((content === undefined) !== (node === undefined) && (node === undefined || isAddress)) {
    return undefined;
  }
  return {
    code: "DNS_TARGET",
    key: node === undefined ? "name" : "node",
    message:
      node === undefined
        ? `the record ${name} points nowhere`
        : content === undefined
          ? `a record of the type ${type} cannot point to a node`
          : `the record ${name} has content and node`,
    why: "What a record holds is its content; only A and AAAA can name a node instead, whose address they then follow.",
    fix: "Write content, or for A and AAAA node",
  };
}

function explainPriority({ name, type, priority }: DnsRecord): RecordFault | undefined {
  if (type !== "MX" || priority !== undefined) return undefined;
  return {
    code: "DNS_PRIORITY",
    key: "type",
    message: `the MX record ${name} has no priority`,
    why: "Cloudflare refuses a mail server without one, and tofu stops in the middle of its apply.",
    fix: "Write priority, such as 10; of several mail servers the lowest goes first",
  };
}

function explainName({ name }: DnsRecord, zone: string): RecordFault | undefined {
  if (isInZone(name, zone)) return undefined;
  return {
    code: "DNS_OUTSIDE_ZONE",
    key: "name",
    message: `"${name}" is not in the zone ${zone}`,
    why: `Cloudflare appends the zone to such a name, and makes ${normalizeName(name)}.${normalizeName(zone)}.`,
    fix: "Write the whole name, or declare it where its zone is",
  };
}

function explainOthers(
  record: DnsRecord,
  before: readonly DnsRecord[],
  zone: string,
): RecordFault | undefined {
  const { name, type } = record;
  if (before.some((one) => isSame(one, record))) {
    return {
      code: "DNS_RECORD_TWICE",
      key: "name",
      message: `the ${type} record ${name} is there twice`,
      why: "Cloudflare refuses the second one, and tofu stops in the middle of its apply.",
      fix: "Remove one of them",
    };
  }
  const isApex = normalizeName(name) === normalizeName(zone);
  if (!before.some((one) => cannotShare(one, record, isApex))) return undefined;
  return {
    code: "DNS_CNAME_NOT_ALONE",
    key: "name",
    message: `"${name}" has a CNAME and another record`,
    why: "A name with a CNAME has no other record (RFC 1034, section 3.6.2), and Cloudflare refuses an address beside it.",
    fix: "Keep the CNAME, or write what it points to instead",
  };
}

function isSame(one: DnsRecord, other: DnsRecord): boolean {
  const [a, b] = [one, other].map(({ type, content, node, priority }) =>
    [type, type === "TXT" ? content : normalizeName(content ?? ""), node, priority].join(" "),
  );
  return a === b;
}

/** At the zone's own name Cloudflare answers with what a CNAME points to, and lets other types be. */
function cannotShare(one: DnsRecord, other: DnsRecord, isApex: boolean): boolean {
  if (one.type !== "CNAME" && other.type !== "CNAME") return false;
  return !isApex || [one, other].every(({ type }) => addressTypes.includes(type));
}
