import { sendRequest } from "../http/send-request.ts";

export interface FetchOptions {
  /** PEM of the only CA to trust; the system's own when left out. */
  ca: string | undefined;
  timeoutSeconds: number;
  /** The longest wait that a rate limit may ask for; a longer one ends the request. */
  patienceSeconds: number;
}

/** What the library may use instead of the global `fetch`. */
export type Fetch = (url: unknown, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` for Cloudflare's library that trusts one CA, follows no redirect, and takes only what is
 * an answer of the API for a success: the library would read no records out of any other page. The
 * library itself waits as long as Retry-After says, whatever that is.
 */
export function createFetch({ ca, timeoutSeconds, patienceSeconds }: FetchOptions): Fetch {
  return async (url, init = {}) => {
    const answer = await sendRequest({
      method: init.method ?? "GET",
      url: String(url),
      headers: Object.fromEntries(new Headers(init.headers)),
      body: typeof init.body === "string" ? init.body : undefined,
      ca,
      timeoutSeconds,
      signal: init.signal ?? undefined,
    });
    const { status, body } = answer;
    if (status < 400 && !isSuccess(body)) throw new Error(`HTTP ${status} is no answer of the API`);
    const headers = new Headers({ "content-type": "application/json" });
    // The other form that HTTP allows, a date, is none that Cloudflare documents.
    const wait = Number(answer.headers["retry-after"]);
    if (Number.isFinite(wait)) headers.set("retry-after", String(wait));
    if (wait > patienceSeconds) headers.set("x-should-retry", "false");
    return new Response(body, { status, headers });
  };
}

function isSuccess(body: string): boolean {
  try {
    return (JSON.parse(body) as { success?: unknown } | null)?.success === true;
  } catch {
    return false;
  }
}
