import { setTimeout as sleep } from "node:timers/promises";
import { registerSecret } from "../cli/redact.ts";
import type { Endpoint } from "../config/site.ts";
import { describeError, InfraError } from "../errors.ts";
import { readCa } from "../http/read-ca.ts";
import { type ApiAnswer, sendRequest } from "../http/send-request.ts";
import type { Machine } from "../world.ts";

/** Hetzner Cloud API v1 (https://docs.hetzner.cloud; github.com/hetznercloud/hcloud-go, hcloud/). */
const publicUrl = "https://api.hetzner.cloud/v1";

const caOwner = { code: "POWER_UNREACHABLE", service: "Hetzner Cloud", key: "power" };

export interface HetznerOptions {
  /** Where the API answers, if not at its public address. */
  endpoint?: Endpoint | undefined;
  env: NodeJS.ProcessEnv;
  /** Limit of each request. */
  requestTimeoutSeconds?: number;
  /** How long to wait, all in all, until requests are allowed again. */
  rateLimitSeconds?: number;
}

/** The power switch of Hetzner Cloud's servers; see Power for what it throws. */
export interface Hetzner {
  find(id: string): Promise<Machine | undefined>;
  stop(id: string): Promise<void>;
}

interface Server {
  status: string;
  public_net?: { ipv4?: { ip: string } | null };
  private_net?: { ip: string }[];
}

/** Prepares the driver; HCLOUD_TOKEN is read at the first request. */
export function connectHetzner(options: HetznerOptions): Hetzner {
  const baseUrl = (options.endpoint?.url ?? publicUrl).replace(/\/+$/, "");
  const timeoutSeconds = options.requestTimeoutSeconds ?? 10;

  async function call(method: "GET" | "POST", path: string): Promise<ApiAnswer> {
    const headers = {
      authorization: `Bearer ${readToken(options.env)}`,
      accept: "application/json",
    };
    const ca = await readCa(options.endpoint, caOwner);
    const url = `${baseUrl}${path}`;
    let patience = options.rateLimitSeconds ?? 20;
    for (;;) {
      const answer = await sendRequest({ method, url, headers, ca, timeoutSeconds }).catch(
        (cause: unknown) => {
          throw unreachable(baseUrl, describeError(cause), cause);
        },
      );
      if (answer.status !== 429) return answer;
      // Nothing was done: the same order may be given again.
      const seconds = readWait(answer);
      if (seconds > patience) throw rateLimited(seconds);
      patience -= seconds;
      await sleep(seconds * 1000);
    }
  }

  return {
    async find(id) {
      const answer = await call("GET", `/servers/${encodeURIComponent(id)}`);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw explainAnswer(answer, baseUrl, id);
      return readMachine(answer, baseUrl);
    },
    async stop(id) {
      const path = `/servers/${encodeURIComponent(id)}/actions/poweroff`;
      const answer = await call("POST", path);
      if (answer.status !== 200 && answer.status !== 201) throw explainAnswer(answer, baseUrl, id);
      // An action may be refused after it was accepted as a request.
      const action = parseBody(answer.body)?.["action"] as { status?: string; error?: unknown };
      if (action?.status === "error") throw refused(id, readMessage(action.error) ?? "it failed");
    },
  };
}

function readToken(env: NodeJS.ProcessEnv): string {
  const token = env["HCLOUD_TOKEN"]?.trim();
  if (token) {
    registerSecret(token);
    return token;
  }
  throw new InfraError({
    code: "POWER_DENIED",
    message: "there is no token for Hetzner Cloud",
    why: "HCLOUD_TOKEN is not set",
    fix: "Make a token that may read and write, and export HCLOUD_TOKEN in .envrc",
  });
}

/**
 * Seconds until requests are allowed again: Retry-After counts from now, RateLimit-Reset is a time
 * in seconds since 1970 (hcloud-go: client_handler_rate_limit.go).
 */
function readWait({ headers }: ApiAnswer): number {
  const after = Number(headers["retry-after"] ?? Number.NaN);
  if (Number.isFinite(after)) return Math.max(after, 0.1);
  const reset = Number(headers["ratelimit-reset"] ?? Number.NaN);
  return Number.isFinite(reset) ? Math.max(reset - Date.now() / 1000, 0.1) : 1;
}

function readMachine(answer: ApiAnswer, baseUrl: string): Machine {
  const server = parseBody(answer.body)?.["server"] as Server | undefined;
  if (typeof server?.status !== "string") {
    throw unreachable(baseUrl, "its answer does not describe a server");
  }
  const { status, public_net: publicNet, private_net: privateNet } = server;
  const addresses = [publicNet?.ipv4?.ip, ...(privateNet ?? []).map(({ ip }) => ip)];
  return {
    // Whatever lies between, "unknown" and "migrating" included, is no proof of anything.
    state: status === "running" || status === "off" ? status : "changing",
    addresses: addresses.filter((address) => address !== undefined),
  };
}

function explainAnswer(answer: ApiAnswer, baseUrl: string, id: string): InfraError {
  const { status } = answer;
  const message = readMessage(parseBody(answer.body)?.["error"]) ?? `it answered ${status}`;
  if (status === 401 || status === 403) {
    return new InfraError({
      code: "POWER_DENIED",
      message: "Hetzner Cloud does not accept HCLOUD_TOKEN",
      why: message,
      fix: "Make a token of the server's own project that may read and write",
    });
  }
  if (status === 404) return refused(id, "there is no server of that id");
  if (status >= 400 && status < 500) return refused(id, message);
  return unreachable(baseUrl, message);
}

function refused(id: string, why: string): InfraError {
  return new InfraError({
    code: "POWER_REFUSED",
    message: `Hetzner Cloud refused the order for server ${id}`,
    why,
    fix: `Look at the server in Hetzner's console, or: hcloud server describe ${id}`,
  });
}

function rateLimited(seconds: number): InfraError {
  return new InfraError({
    code: "POWER_REFUSED",
    message: "Hetzner Cloud takes no more requests with this token for now",
    why: `the rate limit ends in ${Math.ceil(seconds)} s`,
    fix: "Wait until then, and stop what else uses the tokens of this project",
  });
}

function unreachable(baseUrl: string, why: string, cause?: unknown): InfraError {
  return new InfraError({
    code: "POWER_UNREACHABLE",
    message: `the API of Hetzner Cloud at ${baseUrl} gave no usable answer`,
    why,
    fix: "Try again, and see https://status.hetzner.com; an order may have been carried out",
    cause,
  });
}

function parseBody(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** `{code, message}`, as errors of requests and of actions are written. */
function readMessage(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  return message === undefined ? code : `${message}${code === undefined ? "" : ` (${code})`}`;
}
