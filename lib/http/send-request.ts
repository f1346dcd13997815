import { request as requestInClear } from "node:http";
import { request as requestOverTls } from "node:https";

export interface ApiRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  /** PEM of the only CA to trust; the system's own when left out. */
  ca?: string | undefined;
  /** From the first packet to the last byte. */
  timeoutSeconds: number;
  signal?: AbortSignal | undefined;
}

export interface ApiAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** No answer holds as much; more would be a mistake of the other side. */
const maxBytes = 1_000_000;

/**
 * Sends one request and waits for the whole answer; follows no redirect, which would carry a token
 * elsewhere. Not `fetch`: that one takes no CA. Rejects with the plain error of the network, of TLS,
 * of the signal, or of the limits.
 */
export function sendRequest(wanted: ApiRequest): Promise<ApiAnswer> {
  const { method, url, headers, body, ca, timeoutSeconds } = wanted;
  const send = url.startsWith("https:") ? requestOverTls : requestInClear;
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  const signal = wanted.signal === undefined ? timeout : AbortSignal.any([timeout, wanted.signal]);
  return new Promise((resolve, reject) => {
    function fail(error: Error): void {
      reject(timeout.aborted ? new Error(`no answer within ${timeoutSeconds} s`) : error);
    }
    const request = send(
      url,
      {
        method,
        // A connection of its own: one that is kept may be dead, and then nobody knows whether
        // the order arrived.
        agent: false,
        signal,
        headers,
        ...(ca === undefined ? {} : { ca }),
      },
      (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on("data", (part: Buffer) => {
          bytes += part.length;
          if (bytes > maxBytes) request.destroy(new Error("the answer is too long"));
          else parts.push(part);
        });
        response.once("error", fail);
        response.once("end", () => {
          const text = Buffer.concat(parts).toString("utf8");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        });
      },
    );
    request.once("error", fail);
    request.end(body);
  });
}
