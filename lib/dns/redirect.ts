import { isIP } from "node:net";
import type { NewRecord, RecordList, RecordTarget, Redirection, ZoneRecord } from "../records.ts";
import { isSameRecord, normalizeContent } from "./content.ts";
import type { WantedRecords } from "./plan-changes.ts";

/**
 * Plans that what the list has of `from` points to `to`: records that name it, and those that have its
 * address. `shared` are the names that have both addresses already, and lose none.
 */
export function planRedirection(
  { records }: RecordList,
  { from, to }: { from: RecordTarget; to: RecordTarget },
): { redirection: Redirection; shared: string[] } {
  const shared = new Set(listPointing(records, to.publicIp).map(({ name }) => name));
  const own = listPointing(records, from.publicIp);
  return {
    redirection: {
      from: pickTarget(from),
      to: pickTarget(to),
      records: own.filter(({ name }) => !shared.has(name)),
    },
    shared: own.map(({ name }) => name).filter((name) => shared.has(name)),
  };
}

/** The declared records that give out an address. */
export function listPointing(records: readonly NewRecord[], publicIp: string): NewRecord[] {
  const address = normalizeContent("AAAA", publicIp);
  return records.filter(
    ({ type, content }) =>
      (type === "A" || type === "AAAA") && normalizeContent("AAAA", content) === address,
  );
}

/** Whether the records can keep their type: an A holds no IPv6. */
export function isOfOneFamily({ from, to }: Redirection): boolean {
  return isIP(from.publicIp) === isIP(to.publicIp);
}

/** The records as the redirection leaves them. */
function listRedirected({ records, to }: Redirection): NewRecord[] {
  return records.map((record) => ({ ...record, content: to.publicIp }));
}

/** What DNS itself has to become; `list` is the one that Git has. */
export function planRedirected(
  { zone, records: beside }: RecordList,
  redirection: Redirection,
): WantedRecords {
  return { zone, before: redirection.records, after: listRedirected(redirection), beside };
}

/** The records of a redirection that a zone does not have as they are to be. */
export function listOpen(found: readonly ZoneRecord[], redirection: Redirection): NewRecord[] {
  const has = (record: NewRecord) => found.some((one) => isSameRecord(one, record));
  const { to, records } = redirection;
  return records.filter((one) => has(one) || !has({ ...one, content: to.publicIp }));
}

function pickTarget({ name, publicIp }: RecordTarget): RecordTarget {
  return { name, publicIp };
}
