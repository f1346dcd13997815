import type { IncomingMessage } from "node:http";
import type { TokenVerifyResponse } from "cloudflare/resources/user/tokens/tokens";
import { faults, refuse } from "./cloudflare-faults.ts";

export type Permission =
  | "Zone Read"
  | "DNS Read"
  | "DNS Write"
  | "Workers R2 Storage Read"
  | "Workers R2 Storage Write";

export interface ApiToken {
  value: string;
  permissions: readonly Permission[];
  /** The zones that it is for; all when left out. */
  zones?: readonly string[];
  status?: TokenVerifyResponse["status"];
  /** A token of the account, and not of a user. */
  isOfAccount?: boolean;
}

/** Lets so many requests through in so many seconds. */
export interface Quota {
  /** Counts a request, and returns the headers that tell what is left; Retry-After when it was too many. */
  take(): Record<string, string>;
  /** From now on. */
  limit(requests: number, seconds: number): void;
}

/** As long as the tokens of old, and longer with the prefixes of new ones. */
const tokenForm = /^Bearer ([A-Za-z0-9_-]{40,})$/;

/** The limit that every token has (developers.cloudflare.com/fundamentals/api/reference/limits). */
export function createQuota(): Quota {
  let quota = { requests: 1200, seconds: 300, left: 1200, endsAt: 0 };
  return {
    take() {
      const now = Date.now();
      if (now >= quota.endsAt) {
        quota = { ...quota, left: quota.requests, endsAt: now + quota.seconds * 1000 };
      }
      const isOver = quota.left === 0;
      if (!isOver) quota.left -= 1;
      const seconds = Math.ceil((quota.endsAt - now) / 1000);
      return {
        ratelimit: `"default";r=${quota.left};t=${seconds}`,
        "ratelimit-policy": `"default";q=${quota.requests};w=${quota.seconds}`,
        ...(isOver ? { "retry-after": String(seconds) } : {}),
      };
    },
    limit(requests, seconds) {
      quota = { requests, seconds, left: requests, endsAt: Date.now() + seconds * 1000 };
    },
  };
}

/** The token of a request to a path behind `/client/v4`. Throws ApiRefusal. */
export function findToken(
  tokens: readonly ApiToken[],
  { headers }: IncomingMessage,
  path: string,
): ApiToken {
  if (headers.authorization === undefined) refuse(faults.noToken);
  const [, value] = tokenForm.exec(headers.authorization) ?? refuse(faults.malformedToken);
  const token = tokens.find((one) => one.value === value);
  const isAboutItself = path.endsWith("/tokens/verify");
  const isOfAccount = path.startsWith("/accounts/");
  if (token !== undefined) {
    const { status = "active" } = token;
    // Each kind is known where it belongs to.
    if (isAboutItself ? isOfAccount === (token.isOfAccount ?? false) : status === "active") {
      return token;
    }
  }
  if (isOfAccount) refuse(faults.unknownAccountToken);
  return refuse(isAboutItself ? faults.unverifiedToken : faults.unknownToken);
}
