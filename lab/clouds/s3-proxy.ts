import {
  Agent,
  type IncomingMessage,
  request as requestUpstream,
  type ServerResponse,
} from "node:http";
import { createServer, type Server } from "node:https";
import { pipeline } from "node:stream";
import { findRefusal, nameOperation } from "./r2-rules.ts";

/** What went through since the start; requests by the names that S3 gives its operations. */
export interface Counters {
  /** Of bodies, without headers and without TLS. */
  uploadedBytes: number;
  downloadedBytes: number;
  requests: Record<string, number>;
  /** Requests that R2 would refuse, by what it does not implement. */
  refusals: Record<string, number>;
  /** Requests that got no whole answer from the server behind. */
  failures: number;
}

export interface S3Proxy {
  server: Server;
  counters: Counters;
  /** Closes every connection and takes no other one for so long; 0 ends an earlier cut. */
  cut(seconds: number): void;
}

export interface S3ProxyOptions {
  /** PEM. */
  tls: { key: string; cert: string };
  /** The S3 server that does the work, in clear. */
  upstream: { host: string; port: number };
}

/** They are about one connection, of which there are two here (RFC 9110, section 7.6.1). */
const ownHeaders = new Set(["connection", "keep-alive"]);

/**
 * An S3 server over TLS that refuses what Cloudflare R2 refuses (r2-rules.ts) and passes on the
 * rest untouched, Host included, so that signatures stay valid. Bodies are streamed.
 */
export function createS3Proxy({ tls, upstream }: S3ProxyOptions): S3Proxy {
  const agent = new Agent({ keepAlive: false });
  const counters: Counters = {
    uploadedBytes: 0,
    downloadedBytes: 0,
    requests: {},
    refusals: {},
    failures: 0,
  };
  let cutUntil = 0;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "", headers } = request;
    count(counters.requests, nameOperation({ method, url }));
    const refusal = findRefusal({ method, url, headers });
    if (refusal === undefined) {
      forward(request, response);
      return;
    }
    count(counters.refusals, refusal.what);
    sendError(response, 501, "NotImplemented", refusal.message);
    // Its body is read to the end: most clients look at the answer only then.
    request.resume();
  }

  function forward(request: IncomingMessage, response: ServerResponse): void {
    const behind = requestUpstream({
      ...upstream,
      agent,
      method: request.method,
      path: request.url,
      headers: keepHeaders(request.rawHeaders),
    });
    let hasAnswered = false;
    request.on("data", (part: Buffer) => (counters.uploadedBytes += part.length));
    // Not a pipeline: that would hang up on a client which is owed an answer.
    request.pipe(behind);
    behind.on("error", (error) => {
      request.unpipe(behind);
      request.resume();
      // One that refuses an upload may close the connection before it was sent.
      if (!hasAnswered) fail(response, error);
    });
    behind.once("response", (answer) => {
      hasAnswered = true;
      response.writeHead(answer.statusCode ?? 502, keepHeaders(answer.rawHeaders));
      answer.on("data", (part: Buffer) => (counters.downloadedBytes += part.length));
      answer.once("error", () => {
        if (!hasLeft) counters.failures += 1;
      });
      pipeline(answer, response, () => undefined);
    });
    let hasLeft = false;
    request.once("error", () => undefined);
    response.once("close", () => {
      hasLeft = !response.writableFinished;
      behind.destroy();
    });
  }

  function fail(response: ServerResponse, error: Error): void {
    if (response.destroyed) return;
    counters.failures += 1;
    const why = "code" in error ? String(error.code) : error.message;
    sendError(response, 503, "ServiceUnavailable", `the server behind gave no answer: ${why}`);
  }

  const server = createServer(
    // A body of any size may take its time.
    { ...tls, requestTimeout: 0 },
    handle,
  );
  server.on("connection", (socket) => {
    if (Date.now() < cutUntil) socket.destroy();
  });
  return {
    server,
    counters,
    cut(seconds) {
      cutUntil = Date.now() + seconds * 1000;
      if (seconds > 0) server.closeAllConnections();
    },
  };
}

/** Of names and values in turn, as Node has them before it changes anything. */
function keepHeaders(raw: readonly string[]): string[] {
  return raw.filter((_, index) => !ownHeaders.has((raw[index - (index % 2)] ?? "").toLowerCase()));
}

function count(numbers: Record<string, number>, name: string): void {
  numbers[name] = (numbers[name] ?? 0) + 1;
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const text = message.replace(/[<>&]/g, (one) => `&#${one.charCodeAt(0)};`);
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${text}</Message></Error>`;
  response.writeHead(status, {
    "content-type": "application/xml",
    "content-length": Buffer.byteLength(xml),
  });
  response.end(xml);
}
