import type { NewRecord } from "../records.ts";
import { normalizeName } from "./names.ts";

const nameTypes = ["CNAME", "MX", "NS", "PTR"];

/** What a record holds in the one spelling that can be compared: an address, a name, a bare text. */
export function normalizeContent(type: string, content: string): string {
  if (nameTypes.includes(type)) return normalizeName(content);
  if (type === "TXT") return joinText(content);
  if (type === "AAAA") return shortenAddress(content);
  return content.trim().replace(/\s+/g, " ");
}

/** A record as a zone that has it would list it, but for its content. */
export function normalizeRecord(record: NewRecord): NewRecord {
  // What Cloudflare answers for is kept for as long as it likes.
  const ttlSeconds = record.proxied ? 1 : record.ttlSeconds;
  return { ...record, name: normalizeName(record.name), ttlSeconds };
}

/** Whether two records say the same; how long they are kept and who answers is no part of that. */
export function isSameRecord(one: NewRecord, other: NewRecord): boolean {
  return (
    one.type === other.type &&
    normalizeName(one.name) === normalizeName(other.name) &&
    normalizeContent(one.type, one.content) === normalizeContent(other.type, other.content) &&
    (one.priority === undefined || other.priority === undefined || one.priority === other.priority)
  );
}

/** Cloudflare keeps a text as quoted strings of at most 255 bytes (RFC 1035, section 5.1). */
function joinText(content: string): string {
  const strings = content.match(/"(?:[^"\\]|\\.)*"/gs);
  if (strings?.join(" ") !== content.trim().replace(/"\s+"/g, '" "')) return content;
  return strings.map((text) => text.slice(1, -1).replace(/\\(.)/gs, "$1")).join("");
}

/** As Cloudflare keeps it (RFC 5952); what is no address stays as it is. */
function shortenAddress(content: string): string {
  const url = `http://[${content.trim()}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : content;
}
