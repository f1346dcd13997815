import { parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import type { NewRecord, RecordList, RecordTarget, Redirection, ZoneRecord } from "../records.ts";
import { isSameRecord } from "./content.ts";
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
  return records.filter((one) => one.type === "A" && one.content === publicIp);
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

/** The part of a redirection that a zone does not have yet. */
export function findOpen(found: readonly ZoneRecord[], redirection: Redirection): Redirection {
  const has = (record: NewRecord) => found.some((one) => isSameRecord(one, record));
  const { to, records } = redirection;
  const open = records.filter((one) => has(one) || !has({ ...one, content: to.publicIp }));
  return { ...redirection, records: open };
}

/**
 * A list of records with the redirection in it; all else of the text stays as it is, comments too. The
 * text is one that was loaded before.
 */
export function redirectText(text: string, { from, to, records }: Redirection): string {
  const list = parseDocument(text).get("records") as YAMLSeq<YAMLMap> | undefined;
  const edits = (list?.items ?? []).flatMap((item) => {
    const value = { name: String(item.get("name")), type: String(item.get("type")) };
    if (!records.some((one) => isSameRecord({ ...one, ...value }, one))) return [];
    return [
      { node: item.get("node", true), old: from.name, wanted: to.name },
      { node: item.get("content", true), old: from.publicIp, wanted: to.publicIp },
    ].flatMap(({ node, old, wanted }) => {
      const range = node?.value === old ? node.range : undefined;
      return range ? [{ start: range[0], end: range[1], wanted }] : [];
    });
  });
  return edits
    .toReversed()
    .reduce(
      (done, { start, end, wanted }) => done.slice(0, start) + wanted + done.slice(end),
      text,
    );
}

function pickTarget({ name, publicIp }: RecordTarget): RecordTarget {
  return { name, publicIp };
}
