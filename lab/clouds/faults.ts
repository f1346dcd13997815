import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * What the next request meets instead of an answer; "hang" never answers, "drop" hangs up, "half" does
 * so in the middle.
 */
export type Fault =
  | "hang"
  | "drop"
  | "half"
  | { status: number; body?: unknown; headers?: Record<string, string> };

/** Gives a request what it meets. */
export function sendFault(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
  if (fault === "hang") return;
  if (fault === "drop") request.socket.destroy();
  else if (fault === "half") {
    response.writeHead(200, { "content-length": "1000" });
    response.write("{", () => request.socket.destroy());
  } else sendJson(response, fault.status, fault.body, fault.headers);
}

/** Any other value would end the servers when a request meets it. */
export function isFault(value: unknown): value is Fault {
  if (value === "hang" || value === "drop" || value === "half") return true;
  const { status } = (value ?? {}) as { status?: unknown };
  return Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599;
}

/** Answers with JSON, or with a text that is meant to be none. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body ?? {}));
}
