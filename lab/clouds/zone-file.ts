import { normalizeContent } from "../../lib/dns/content.ts";
import type { StoredRecord } from "./cloudflare-records.ts";

export interface ZoneContents {
  /** Without a dot at its end. */
  name: string;
  nameServers: readonly string[];
  /** More than that of the contents before. */
  serial: number;
  records: readonly StoredRecord[];
}

/** What stands in one line of a zone file. */
interface Answer {
  name: string;
  type: string;
  ttl: number;
  content: string;
}

/** What `ttl: 1` means (developers.cloudflare.com/dns/manage-dns-records/reference/ttl). */
const automaticTtl = 300;

/** What answers for a proxied record. Cloudflare's addresses are others: these are nobody's (RFC 5737, 3849). */
export const proxyAddresses = { A: "192.0.2.1", AAAA: "2001:db8::1" } as const;

/** Bytes of one string of a text (RFC 1035, section 3.3.14). */
const longestString = 255;

/**
 * A zone as a file that name servers read (RFC 1035, section 5), with what Cloudflare adds of its own
 * (developers.cloudflare.com/dns/manage-dns-records/reference/dns-record-types). Beside a CNAME nothing
 * else is served, and none at the top of the zone, where Cloudflare answers with what it leads to.
 */
export function renderZone({ name, nameServers, serial, records }: ZoneContents): string {
  const soa = `${nameServers[0]}. dns.cloudflare.com. ${serial} 10000 2400 604800 1800`;
  const own: Answer[] = [
    { name, type: "SOA", ttl: 3600, content: soa },
    ...nameServers.map((server) => ({ name, type: "NS", ttl: 86400, content: `${server}.` })),
  ];
  const answers = records.flatMap(listAnswers);
  const aliases = new Set(answers.filter(({ type }) => type === "CNAME").map((one) => one.name));
  const served = answers.filter((one) => isServed(one, name, aliases));
  return joinAnswers([...own, ...served])
    .map((one) => `${one.name}. ${one.ttl} IN ${one.type} ${one.content}\n`)
    .join("");
}

function listAnswers(record: StoredRecord): Answer[] {
  const { name, type, ttl } = record;
  if (record.proxied !== true) {
    return [{ name, type, ttl: ttl === 1 ? automaticTtl : ttl, content: renderContent(record) }];
  }
  return Object.entries(proxyAddresses).map(([family, address]) => {
    return { name, type: family, ttl: automaticTtl, content: address };
  });
}

function renderContent({ type, content = "", ...rest }: StoredRecord): string {
  switch (type) {
    case "A":
    case "AAAA":
      return content;
    case "TXT":
      return renderText(normalizeContent(type, content));
    case "MX":
      return `${"priority" in rest ? rest.priority : 0} ${content}.`;
    default:
      return `${content}.`;
  }
}

function isServed({ name, type }: Answer, zone: string, aliases: ReadonlySet<string>): boolean {
  if (type === "CNAME") return name !== zone;
  return name === zone || !aliases.has(name);
}

/** Each answer once, and all of a question with one TTL, the lowest (RFC 2181, sections 5 and 5.2). */
function joinAnswers(all: readonly Answer[]): Answer[] {
  const questions = Map.groupBy(all, ({ name, type }) => `${name} ${type}`);
  return [...questions.values()].flatMap((answers) => {
    const ttl = Math.min(...answers.map((one) => one.ttl));
    const different = new Map(answers.map((one) => [one.content, { ...one, ttl }]));
    return [...different.values()];
  });
}

/** A text in quoted strings; what a zone file would take for something else stands as its number. */
export function renderText(text: string): string {
  const bytes = Buffer.from(text);
  const strings: string[] = [];
  for (let start = 0; start === 0 || start < bytes.length; start += longestString) {
    const string = [...bytes.subarray(start, start + longestString)].map((byte) => {
      const letter = String.fromCharCode(byte);
      if (letter === '"' || letter === "\\") return `\\${letter}`;
      return byte >= 0x20 && byte < 0x7f ? letter : `\\${String(byte).padStart(3, "0")}`;
    });
    strings.push(`"${string.join("")}"`);
  }
  return strings.join(" ");
}
