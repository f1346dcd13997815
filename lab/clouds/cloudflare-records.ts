import { randomBytes } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import type { RecordBatchResponse, RecordResponse } from "cloudflare/resources/dns/records";
import { badContent, badTarget, faults, refuse } from "./cloudflare-faults.ts";

const recordTypes = ["A", "AAAA", "CNAME", "MX", "NS", "TXT"] as const;
type RecordType = (typeof recordTypes)[number];

/** As the API gives it; the types are those of Cloudflare's own library. */
export type StoredRecord = Extract<RecordResponse, { type: RecordType }>;

/** What a client sends, of which nothing is known yet. */
export type Draft = Readonly<Record<string, unknown>>;

export interface BatchDraft {
  deletes?: readonly { id: string }[];
  patches?: readonly (Draft & { id: string })[];
  puts?: readonly (Draft & { id: string })[];
  posts?: readonly Draft[];
}

/** The records of one zone. Every method throws ApiRefusal with nothing changed. */
export interface RecordStore {
  list(): StoredRecord[];
  get(id: string): StoredRecord;
  create(draft: Draft): StoredRecord;
  /** Leaves what the draft does not name. */
  edit(id: string, draft: Draft): StoredRecord;
  /** Gives back its default to what the draft does not name. */
  replace(id: string, draft: Draft): StoredRecord;
  remove(id: string): StoredRecord;
  /** All of it, or nothing: deletes, patches, puts, posts. */
  batch(draft: BatchDraft): RecordBatchResponse;
}

const proxiable: readonly string[] = ["A", "AAAA", "CNAME"];

/** Not reachable for Cloudflare's servers. */
const privateTarget =
  /^(10|127|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;

const hostname =
  /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Keeps the records of a zone as Cloudflare does (developers.cloudflare.com/dns/manage-dns-records). */
export function createRecords(zone: string): RecordStore {
  let records = new Map<string, StoredRecord>();

  function get(id: string): StoredRecord {
    return records.get(id) ?? refuse(faults.noRecord);
  }

  function write(id: string, draft: Draft, createdOn?: string): StoredRecord {
    const others = [...records.values()].filter((one) => one.id !== id);
    const now = new Date().toISOString();
    const kept = { id, created_on: createdOn ?? now, modified_on: now };
    const record = checkDraft(draft, zone, kept);
    checkNeighbours(record, others);
    records.set(id, record);
    return record;
  }

  const store: RecordStore = {
    list: () => [...records.values()],
    get,
    create: (draft) => write(randomBytes(16).toString("hex"), draft),
    edit(id, draft) {
      const old = get(id);
      return write(id, { ...old, ...draft }, old.created_on);
    },
    replace: (id, draft) => write(id, draft, get(id).created_on),
    remove(id) {
      const record = get(id);
      records.delete(id);
      return record;
    },
    batch({ deletes = [], patches = [], puts = [], posts = [] }) {
      const before = records;
      records = new Map(before);
      try {
        return {
          deletes: deletes.map(({ id }) => store.remove(id)),
          patches: patches.map(({ id, ...draft }) => store.edit(id, draft)),
          puts: puts.map(({ id, ...draft }) => store.replace(id, draft)),
          posts: posts.map((draft) => store.create(draft)),
        };
      } catch (error) {
        records = before;
        throw error;
      }
    },
  };
  return store;
}

function checkDraft(
  draft: Draft,
  zone: string,
  kept: Pick<StoredRecord, "id" | "created_on" | "modified_on">,
): StoredRecord {
  const type = recordTypes.find((one) => one === draft["type"]) ?? refuse(faults.badType);
  const name = completeName(draft["name"], zone);
  const content = checkContent(type, draft["content"]);
  const isProxied = draft["proxied"] === true;
  if (isProxied && !proxiable.includes(type)) refuse(faults.cannotBeProxied);
  if (isProxied && privateTarget.test(content)) refuse(badTarget(content));
  const given = draft["ttl"] ?? 1;
  const isTtl =
    Number.isInteger(given) && (given === 1 || (Number(given) >= 60 && Number(given) <= 86400));
  if (!isTtl) refuse(faults.badTtl);
  const { comment, tags, settings = {}, priority } = draft;
  if (type === "MX" && typeof priority !== "number") refuse(faults.noPriority);
  return {
    ...kept,
    type,
    name,
    content,
    // What Cloudflare answers for is kept for as long as it likes.
    ttl: isProxied ? 1 : Number(given),
    proxied: isProxied,
    proxiable: proxiable.includes(type) && !privateTarget.test(content),
    meta: {},
    settings: settings as object,
    // external-dns sends null for none (provider/cloudflare: buildBatchPostParam).
    tags: (tags ?? []) as string[],
    ...(typeof comment === "string" ? { comment } : {}),
    ...(type === "MX" ? { priority: Number(priority) } : {}),
  } satisfies StoredRecord;
}

/** `@` and names outside of the zone are taken as names in it. */
function completeName(given: unknown, zone: string): string {
  if (typeof given !== "string" || given === "") refuse(faults.badName);
  const name = given.toLowerCase().replace(/\.$/, "");
  if (name === "@" || name === zone) return zone;
  const whole = name.endsWith(`.${zone}`) ? name : `${name}.${zone}`;
  return hostname.test(whole) && whole.length <= 253 ? whole : refuse(faults.badName);
}

function checkContent(type: RecordType, given: unknown): string {
  if (typeof given !== "string" || given === "") refuse(badContent(type));
  switch (type) {
    case "A":
      return isIPv4(given) ? given : refuse(faults.badAddress);
    case "AAAA":
      // As RFC 5952 writes it.
      return isIPv6(given)
        ? new URL(`http://[${given}]`).hostname.slice(1, -1)
        : refuse(faults.badLongAddress);
    case "TXT":
      return quoteText(given);
    default: {
      const name = given.toLowerCase().replace(/\.$/, "");
      return hostname.test(name) ? name : refuse(badContent(type));
    }
  }
}

/** Strings of at most 255 bytes in quotes; what has none gets them. */
function quoteText(given: string): string {
  if (given.startsWith('"')) return given;
  const strings = given.match(/.{1,255}/gs) ?? [];
  return strings.map((text) => `"${text}"`).join(" ");
}

/** A name has addresses, or another name, or is somebody else's zone. */
function checkNeighbours(record: StoredRecord, others: readonly StoredRecord[]): void {
  const there = others.filter(({ name }) => name === record.name);
  const has = (...types: string[]) => there.some(({ type }) => types.includes(type));
  if (record.type === "CNAME" && has("A", "AAAA", "CNAME")) refuse(faults.addressHasName);
  if ((record.type === "A" || record.type === "AAAA") && has("CNAME")) refuse(faults.aliasHasName);
  const isSame = (one: StoredRecord) => one.type === record.type && one.content === record.content;
  if (there.some(isSame)) refuse(faults.identical);
  if (record.type === "NS" && there.some(({ type }) => type !== "NS"))
    refuse(faults.othersHaveName);
  if (record.type !== "NS" && has("NS")) refuse(faults.serverHasName);
}
