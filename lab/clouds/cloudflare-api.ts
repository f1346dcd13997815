import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import type { Bucket, BucketListResponse } from "cloudflare/resources/r2/buckets/buckets";
import { checkQuery, describeToken, describeZone, makeId, paginate } from "./cloudflare-answers.ts";
import {
  type ApiFault,
  ApiRefusal,
  faults as known,
  noRoute,
  refuse,
} from "./cloudflare-faults.ts";
import {
  type BatchDraft,
  createRecords,
  type Draft,
  type RecordStore,
  type StoredRecord,
} from "./cloudflare-records.ts";
import { type ApiToken, createQuota, findToken } from "./cloudflare-gate.ts";
import { type Fault, sendFault, sendJson } from "./faults.ts";

/** "lost" carries out what is asked, and hangs up instead of answering. */
export type CloudflareFault = Fault | "lost";

export interface CloudflareApi {
  handle(request: IncomingMessage, response: ServerResponse): void;
  accountId: string;
  /** By name. */
  zones: ReadonlyMap<string, { id: string; records: RecordStore }>;
  buckets: Map<string, Bucket>;
  tokens: ApiToken[];
  /** `GET /client/v4/zones?name=…` of every request, with the faults; the last thousand. */
  requests: string[];
  /** Taken one per request, before anything else. */
  faults: CloudflareFault[];
  /** Lets so many requests through in so many seconds, from now on. */
  limit(requests: number, seconds: number): void;
}

interface Answer {
  result: unknown;
  result_info?: object;
}

/** A request that may do what it asks for. */
interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  token: ApiToken;
  readBody(): Promise<unknown>;
}

const keptRequests = 1000;

/**
 * The part of Cloudflare's API v4 that records and buckets are managed with. It is checked against the
 * types of Cloudflare's own library, and answers 501 to what it does not know: filters that would have
 * narrowed a list, among others.
 */
export function createCloudflareApi(options: {
  zones: readonly string[];
  tokens: readonly ApiToken[];
  /** Called when a request has changed the records of a zone. */
  onChange?: (zone: string) => void;
}): CloudflareApi {
  const accountId = makeId("account");
  const zones = new Map(
    options.zones.map((name) => [name, { id: makeId(name), records: createRecords(name) }]),
  );
  const buckets = new Map<string, Bucket>();
  const tokens = [...options.tokens];
  const requests: string[] = [];
  const faults: CloudflareFault[] = [];
  const quota = createQuota();

  function handle(request: IncomingMessage, response: ServerResponse): void {
    requests.push(`${request.method} ${request.url}`);
    if (requests.length > keptRequests) requests.shift();
    const fault = faults.shift();
    if (fault !== undefined && fault !== "lost") {
      sendFault(fault, request, response);
      return;
    }
    answer(request).then(
      ({ status, body, headers }) => {
        if (fault === "lost") request.socket.destroy();
        else sendJson(response, status, body, headers);
      },
      (error: unknown) => sendJson(response, 501, `not emulated: ${String(error)}`),
    );
  }

  async function answer(
    request: IncomingMessage,
  ): Promise<{ status: number; body: unknown; headers?: Record<string, string> }> {
    const headers = quota.take();
    try {
      if (headers["retry-after"] !== undefined) refuse(known.tooManyRequests);
      const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
      const path = pathname.replace(/^\/client\/v4/, "");
      const token = findToken(tokens, request, path);
      const method = request.method ?? "";
      const readBody = async () => await json(request);
      const found = await route({ method, path, query: searchParams, token, readBody });
      return { status: 200, body: { success: true, errors: [], messages: [], ...found }, headers };
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      const { status, ...fault }: ApiFault = error.fault;
      const body = { success: false, errors: [fault], messages: [], result: null };
      return { status, body, headers };
    }
  }

  async function route(call: Call): Promise<Answer> {
    const { method, path, token } = call;
    if (method === "GET" && /^\/(user|accounts\/[^/]+)\/tokens\/verify$/.test(path)) {
      return { result: describeToken(token.value, token.status ?? "active") };
    }
    if (method === "GET" && path === "/zones") return listZones(call);
    const [, asked] = /^\/zones\/([0-9a-f]{32})$/.exec(path) ?? [];
    if (method === "GET" && asked !== undefined) return readZone(call, asked);
    const [, zoneId = "", rest] = /^\/zones\/([^/]+)\/dns_records(?:\/([^/]+))?$/.exec(path) ?? [];
    if (zoneId !== "") return await handleRecords(call, zoneId, rest);
    const [, account, bucket] = /^\/accounts\/([^/]+)\/r2\/buckets(?:\/([^/]+))?$/.exec(path) ?? [];
    if (method === "GET" && account !== undefined) return readBuckets(call, account, bucket);
    throw new Error(`${method} ${path}`);
  }

  function listZones({ query, token }: Call): Answer {
    if (!token.permissions.includes("Zone Read")) refuse(known.mayNotListZones);
    const name = query.get("name");
    const reached = [...zones]
      .filter(([zone]) => token.zones?.includes(zone) ?? true)
      .filter(([zone]) => name === null || zone === name)
      .map(([zone, { id }]) => describeZone(zone, id, accountId));
    return paginate(reached, query, ["name"], { usual: 20, most: 50 });
  }

  function readZone({ token }: Call, asked: string): Answer {
    const [name = ""] = [...zones].find(([, { id }]) => id === asked) ?? [];
    const mayRead =
      token.permissions.includes("Zone Read") && (token.zones?.includes(name) ?? true);
    if (name === "" || !mayRead) refuse(known.mayNot);
    return { result: describeZone(name, asked, accountId) };
  }

  async function handleRecords(call: Call, zoneId: string, rest?: string): Promise<Answer> {
    const { method, token, query } = call;
    if (!/^[0-9a-f]{32}$/.test(zoneId)) refuse(noRoute(`/client/v4${call.path}`));
    const [zone, { records } = {}] = [...zones].find(([, { id }]) => id === zoneId) ?? [];
    const isReached = zone !== undefined && (token.zones?.includes(zone) ?? true);
    const mayRead = token.permissions.some((one) => one === "DNS Read" || one === "DNS Write");
    const mayDo = method === "GET" ? mayRead : token.permissions.includes("DNS Write");
    if (!isReached || !mayDo || records === undefined) refuse(known.mayNot);
    if (method === "GET") {
      return rest === undefined
        ? listRecords(records.list(), query)
        : { result: records.get(rest) };
    }
    const result = await changeRecord(records, call, rest);
    options.onChange?.(zone);
    return { result };
  }

  function readBuckets({ query, token }: Call, account: string, name?: string): Answer {
    const mayRead = token.permissions.some((one) => one.startsWith("Workers R2 Storage"));
    if (account !== accountId || !mayRead) refuse(known.mayNot);
    if (name !== undefined) return { result: buckets.get(name) ?? refuse(known.noBucket) };
    const after = query.get("start_after") ?? "";
    const size = Number(query.get("per_page") ?? 20);
    checkQuery(query, ["start_after", "per_page"]);
    const sorted = [...buckets.values()].toSorted((a, b) =>
      (a.name ?? "") < (b.name ?? "") ? -1 : 1,
    );
    const page = sorted.filter((one) => (one.name ?? "") > after).slice(0, size);
    return { result: { buckets: page } satisfies BucketListResponse };
  }

  const { limit } = quota;
  return { handle, accountId, zones, buckets, tokens, requests, faults, limit };
}

/** Does what a request asks for; `rest` is an id, or `batch`. */
async function changeRecord(
  records: RecordStore,
  { method, path, readBody }: Call,
  rest?: string,
): Promise<unknown> {
  const id = rest ?? "";
  switch (`${method} ${rest === undefined ? "all" : "one"}`) {
    case "DELETE one":
      return { id: records.remove(id).id };
    case "POST all":
      return records.create((await readBody()) as Draft);
    case "PATCH one":
      return records.edit(id, (await readBody()) as Draft);
    case "PUT one":
      return records.replace(id, (await readBody()) as Draft);
    case "POST one":
      if (id === "batch") return records.batch((await readBody()) as BatchDraft);
      break;
  }
  throw new Error(`${method} ${path}`);
}

function listRecords(records: readonly StoredRecord[], query: URLSearchParams): Answer {
  const [name, type] = [query.get("name") ?? query.get("name.exact"), query.get("type")];
  const found = records
    .filter((one) => name === null || one.name === name)
    .filter((one) => type === null || one.type === type);
  const filters = ["name", "name.exact", "type"];
  return paginate(found, query, filters, { usual: 100, most: 5_000_000 });
}
