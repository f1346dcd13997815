import * as http from "node:http";
import * as https from "node:https";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DeadlineError, isPassing, RefusalError } from "./api-error.ts";
import type { Authorize } from "./kubeconfig.ts";

export interface ApiRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** With the query. */
  path: string;
  body?: unknown;
  contentType?: string;
}

/** Sends a request and returns the text of a successful answer. Throws what toInfraError knows. */
export type Send = (request: ApiRequest) => Promise<string>;

/** Waits between the attempts to read; no attempt starts later than `retrySeconds`. */
const retryWaits = [0.1, 0.2, 0.4, 0.8, 1.6];
const retrySeconds = 5;

/** The API server closes a silent connection after 90 s, a device on the way maybe sooner. */
const idleSeconds = 15;

const unzip = promisify(gunzip);

/**
 * Opens the way to an API server. Connections are kept, so that a request costs one round trip
 * and no TLS handshake; the client library would open a new one for each. Only reading is
 * repeated after a failure that may pass: nobody knows what became of a write.
 */
export function openTransport(server: string, authorize: Authorize, timeoutSeconds: number): Send {
  const { request, Agent } = server.startsWith("https:") ? https : http;
  const agent = new Agent({ keepAlive: true, timeout: idleSeconds * 1000 });

  async function sendOnce({ method, path, body, contentType }: ApiRequest): Promise<string> {
    const { headers, connection } = await authorize();
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
    let sent = false;
    try {
      const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
        const outgoing = request(server + path, {
          agent,
          ...connection,
          method,
          headers: {
            ...headers,
            accept: "application/json, */*",
            "accept-encoding": "gzip",
          },
          signal: deadline,
        });
        if (payload !== undefined) {
          outgoing.setHeader("content-type", contentType ?? "application/json");
          // Without it Node sends the body of a DELETE so that the server does not see it, and
          // with it the preconditions.
          outgoing.setHeader("content-length", payload.length);
        }
        outgoing.on("finish", () => (sent = true));
        outgoing.on("response", resolve);
        outgoing.on("error", reject);
        outgoing.end(payload);
      });
      const bytes = await buffer(answer);
      const zipped = answer.headers["content-encoding"] === "gzip";
      const text = (zipped ? await unzip(bytes) : bytes).toString();
      const status = answer.statusCode ?? 0;
      if (status < 200 || status >= 300) throw new RefusalError(status, text);
      return text;
    } catch (error) {
      throw deadline.aborted ? new DeadlineError(sent, timeoutSeconds) : error;
    }
  }

  return async (request) => {
    const startedAt = performance.now();
    for (const wait of request.method === "GET" ? retryWaits : []) {
      try {
        return await sendOnce(request);
      } catch (error) {
        const elapsed = (performance.now() - startedAt) / 1000;
        if (!isPassing(error) || elapsed + wait > retrySeconds) throw error;
        await sleep(wait * 1000);
      }
    }
    return await sendOnce(request);
  };
}
