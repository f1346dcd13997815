import { type RequestListener, request as sendRequest } from "node:http";
import { json } from "node:stream/consumers";
import { type Fault, isFault } from "./faults.ts";
import type { HetznerApi } from "./hetzner-api.ts";
import type { CloudflareApi, CloudflareFault } from "./cloudflare-api.ts";
import type { Counters, S3Proxy } from "./s3-proxy.ts";

/** What the lab's servers say of themselves. */
export interface Health {
  pid: number;
  version: string;
}

export interface Controlled {
  version: string;
  proxy: S3Proxy;
  api: HetznerApi;
  cloudflare: Pick<CloudflareApi, "zones" | "requests" | "faults" | "limit">;
}

/**
 * Where a test looks at the lab's servers and makes them fail. It listens on a socket in the lab's
 * state folder, which no host can reach.
 */
export function createControl({ version, proxy, api, cloudflare }: Controlled): RequestListener {
  const answers: Readonly<Record<string, (body: unknown) => unknown>> = {
    "GET /health": (): Health => ({ pid: process.pid, version }),
    "GET /counters": () => proxy.counters,
    "POST /cut": (body) => {
      const { seconds } = body as { seconds?: unknown };
      if (typeof seconds !== "number" || !(seconds >= 0)) throw new TypeError("seconds: a number");
      proxy.cut(seconds);
    },
    "GET /power": () => ({ servers: Object.fromEntries(api.servers), requests: api.requests }),
    "POST /power/faults": (body) => {
      if (!Array.isArray(body) || !body.every(isFault)) throw new TypeError("a list of faults");
      api.faults.splice(0, Infinity, ...body);
    },
    "GET /cloudflare": () => ({
      records: Object.fromEntries(
        [...cloudflare.zones].map(([zone, one]) => [zone, one.records.list()]),
      ),
      requests: cloudflare.requests,
    }),
    "POST /cloudflare/faults": (body) => {
      const isOne = (fault: unknown) => fault === "lost" || isFault(fault);
      if (!Array.isArray(body) || !body.every(isOne)) throw new TypeError("a list of faults");
      cloudflare.faults.splice(0, Infinity, ...(body as CloudflareFault[]));
    },
    "POST /cloudflare/limit": (body) => {
      const { requests, seconds } = body as { requests?: unknown; seconds?: unknown };
      if (!isCount(requests) || !isCount(seconds)) throw new TypeError("requests and seconds");
      cloudflare.limit(requests, seconds);
    },
  };
  return (request, response) => {
    const answer = answers[`${request.method} ${request.url}`];
    if (answer === undefined) {
      response.writeHead(404).end(`one of: ${Object.keys(answers).join(", ")}\n`);
      return;
    }
    const body = request.method === "GET" ? Promise.resolve() : json(request);
    body.then(answer).then(
      (value) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify(value ?? {}));
      },
      (error: unknown) => response.writeHead(400).end(`${String(error)}\n`),
    );
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

/** Reads what went through the bucket; rejects when the lab's servers do not run. */
export async function readCounters(socket: string): Promise<Counters> {
  return (await askControl(socket, "GET /counters")) as Counters;
}

/** Cuts the bucket off for so long; 0 ends that. */
export async function cutBucket(socket: string, seconds: number): Promise<void> {
  await askControl(socket, "POST /cut", { seconds });
}

/** What the provider's API believes of its machines, and the requests that it got. */
export async function readProvider(
  socket: string,
): Promise<{ servers: Record<string, { status: string }>; requests: string[] }> {
  return (await askControl(socket, "GET /power")) as Awaited<ReturnType<typeof readProvider>>;
}

/** Makes the next requests to the provider's API fail, one after the other; none clears the list. */
export async function plantFaults(socket: string, faults: readonly Fault[]): Promise<void> {
  await askControl(socket, "POST /power/faults", faults);
}

/** Makes the next requests to Cloudflare's API fail, one after the other; none clears the list. */
export async function plantCloudflareFaults(
  socket: string,
  faults: readonly CloudflareFault[],
): Promise<void> {
  await askControl(socket, "POST /cloudflare/faults", faults);
}

/** Lets so many requests through to Cloudflare's API in so many seconds. */
export async function limitCloudflare(
  socket: string,
  requests: number,
  seconds: number,
): Promise<void> {
  await askControl(socket, "POST /cloudflare/limit", { requests, seconds });
}

/** The records that Cloudflare's API has, by zone, and the requests that it got. */
export async function readCloudflare(
  socket: string,
): Promise<{ records: Record<string, { name: string; content?: string }[]>; requests: string[] }> {
  return (await askControl(socket, "GET /cloudflare")) as Awaited<
    ReturnType<typeof readCloudflare>
  >;
}

/** Who serves there; rejects when nobody does. */
export async function readHealth(socket: string): Promise<Health> {
  return (await askControl(socket, "GET /health")) as Health;
}

async function askControl(socket: string, what: string, body?: unknown): Promise<unknown> {
  const [method, path] = what.split(" ");
  const signal = AbortSignal.timeout(5000);
  return await new Promise((resolve, reject) => {
    const request = sendRequest({ socketPath: socket, method, path, signal }, (response) => {
      const { statusCode } = response;
      if (statusCode === 200) json(response).then(resolve, reject);
      else {
        response.resume();
        reject(new Error(`the lab's servers answered ${statusCode} to ${what}`));
      }
    });
    request.once("error", reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
