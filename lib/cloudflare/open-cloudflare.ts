import type { Cloudflare } from "cloudflare";
import { registerSecret } from "../cli/redact.ts";
import type { Endpoint } from "../config/site.ts";
import { InfraError } from "../errors.ts";
import { readCa } from "../http/read-ca.ts";
import { type Asked, type Asker, explainFailure, tokenRefused } from "./explain-failure.ts";
import { createFetch } from "./fetch.ts";

/** Cloudflare's API v4 (https://developers.cloudflare.com/api). */
const publicUrl = "https://api.cloudflare.com/client/v4";

export interface CloudflareOptions {
  /** Where the API answers, if not at its public address. */
  endpoint?: Endpoint | undefined;
  env: NodeJS.ProcessEnv;
  /** Limit of each request. */
  requestTimeoutSeconds?: number;
  /** How often a request is sent again after 408, 409, 429, 5xx or no answer. */
  retries?: number;
  /** The longest wait before such a repetition that a rate limit may ask for. */
  patienceSeconds?: number;
}

export interface CloudflareApi {
  asker: Asker;
  /**
   * Sends what `send` asks of the library, which reads page after page and repeats what may pass. Throws, with
   * the domain in front, _DENIED, _UNREACHABLE, _LIMITED and _REFUSED, and what `asked` explains.
   */
  ask<T>(asked: Asked, send: (client: Cloudflare) => Promise<T>): Promise<T>;
}

/** Prepares the API for one domain; library, CA and CLOUDFLARE_API_TOKEN are read at the first request. */
export function openCloudflare(domain: Asker["domain"], options: CloudflareOptions): CloudflareApi {
  const baseUrl = (options.endpoint?.url ?? publicUrl).replace(/\/+$/, "");
  const asker = { domain, baseUrl };

  async function connect(): Promise<{ client: Cloudflare; sdk: typeof import("cloudflare") }> {
    const apiToken = readToken(asker, options.env);
    const code = `${domain}_UNREACHABLE`;
    const ca = await readCa(options.endpoint, { code, service: "Cloudflare", key: "cloudflare" });
    const sdk = await import("cloudflare");
    const timeoutSeconds = options.requestTimeoutSeconds ?? 15;
    const fetch = createFetch({
      ca,
      timeoutSeconds,
      patienceSeconds: options.patienceSeconds ?? 20,
    });
    const client = new sdk.Cloudflare({
      apiToken,
      // By itself it would read the keys, the address and the log level from the environment.
      apiKey: null,
      apiEmail: null,
      userServiceKey: null,
      baseURL: baseUrl,
      logLevel: "off",
      maxRetries: options.retries ?? 2,
      // Later than our own, which says how long it has waited.
      timeout: (timeoutSeconds + 5) * 1000,
      fetch,
    });
    return { client, sdk };
  }

  let connection: ReturnType<typeof connect> | undefined;
  return {
    asker,
    async ask(asked, send) {
      connection ??= connect();
      const { client, sdk } = await connection;
      try {
        return await send(client);
      } catch (error) {
        if (error instanceof sdk.APIError) throw explainFailure(error, asked, asker);
        throw error;
      }
    },
  };
}

function readToken(asker: Asker, env: NodeJS.ProcessEnv): string {
  const token = env["CLOUDFLARE_API_TOKEN"]?.trim();
  if (!token) {
    throw new InfraError({
      code: `${asker.domain}_DENIED`,
      message: "there is no token for Cloudflare",
      why: "CLOUDFLARE_API_TOKEN is not set",
      fix: "Make a token at https://dash.cloudflare.com/profile/api-tokens, and export CLOUDFLARE_API_TOKEN in .envrc",
    });
  }
  registerSecret(token);
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw tokenRefused(asker, "it has blanks or signs that no token has");
  }
  return token;
}
