import type { Cloudflare } from "cloudflare";
import { tokenRefused } from "../cloudflare/explain-failure.ts";
import { openCloudflare } from "../cloudflare/open-cloudflare.ts";
import type { Site } from "../config/site.ts";
import { type ErrorDetails, hasCode } from "../errors.ts";

export interface Bucket {
  name: string;
  /** Where R2 keeps it: weur, enam, … */
  location: string | undefined;
  /** RFC 3339. */
  createdAt: string | undefined;
}

export interface TokenState {
  id: string;
  /** RFC 3339; undefined when it never ends. */
  expiresAt: string | undefined;
}

/**
 * The R2 buckets of one account, those without a jurisdiction. Every method may throw, as InfraError:
 * STORAGE_DENIED (credentials, or a permission that they lack), STORAGE_UNREACHABLE, STORAGE_LIMITED
 * (too many requests), STORAGE_REFUSED and STORAGE_DISABLED (the account has no R2).
 */
export interface Buckets {
  list(): Promise<Bucket[]>;
  /** The bucket, or undefined when the account has none of that name. */
  find(name: string): Promise<Bucket | undefined>;
  /** Sees that the token is valid, and may list buckets. */
  checkToken(): Promise<TokenState>;
}

/** The most that the API gives at once. */
const pageSize = 1000;

/** Of the API (developers.cloudflare.com/r2/api/error-codes). */
const codes = { noSuchBucket: 10006, notEntitled: 10042 };

const permission = "Account.Workers R2 Storage Read";

/** The buckets of an account at Cloudflare; the token is read when needed. */
export function connectBuckets(
  site: Pick<Site, "cloudflare">,
  accountId: string,
  env: NodeJS.ProcessEnv,
): Buckets {
  const { ask, asker } = openCloudflare("STORAGE", { endpoint: site.cloudflare, env });
  const account = { account_id: accountId };
  const asked = {
    what: `read the buckets of the account ${accountId}`,
    permission,
    explain: explainEntitlement,
  };

  async function verify(): Promise<Cloudflare.User.TokenVerifyResponse> {
    const question = { what: "ask about itself", permission: "User.API Tokens Read" };
    try {
      return await ask(question, async (client) => await client.user.tokens.verify());
    } catch (error) {
      if (!hasCode(error, "STORAGE_DENIED")) throw error;
      // A token of an account is unknown there.
      return await ask(
        question,
        async (client) => await client.accounts.tokens.verify(account),
      ).catch((again: unknown) => {
        throw hasCode(again, "STORAGE_DENIED") ? error : again;
      });
    }
  }

  return {
    async list() {
      return await ask(asked, async (client) => {
        const buckets: Bucket[] = [];
        for (;;) {
          // The library drops the cursor of this list.
          const after = buckets.at(-1)?.name;
          const page = await client.r2.buckets.list({
            ...account,
            per_page: pageSize,
            ...(after === undefined ? {} : { start_after: after }),
          });
          const found = (page.buckets ?? []).map(readBucket);
          if (found.length === 0) return buckets;
          buckets.push(...found);
        }
      });
    },
    async find(name) {
      return await ask(asked, async (client): Promise<Bucket | undefined> => {
        try {
          return readBucket(await client.r2.buckets.get(name, account));
        } catch (error) {
          if (hasApiCode(error, codes.noSuchBucket)) return undefined;
          throw error;
        }
      });
    },
    async checkToken() {
      const { id, status, expires_on: expiresAt } = await verify();
      if (status !== "active") throw tokenRefused(asker, `it is ${status}`);
      await ask(asked, async (client) => await client.r2.buckets.list({ ...account, per_page: 1 }));
      return { id, expiresAt };
    },
  };
}

function readBucket({ name = "", location, creation_date }: Cloudflare.R2.Bucket): Bucket {
  return { name, location, createdAt: creation_date };
}

function hasApiCode(error: unknown, code: number): boolean {
  const { errors = [] } = error as { errors?: { code?: number }[] };
  return errors.some((one) => one.code === code);
}

function explainEntitlement(all: readonly number[], why: string): ErrorDetails | undefined {
  if (!all.includes(codes.notEntitled)) return undefined;
  return {
    code: "STORAGE_DISABLED",
    message: "the account at Cloudflare has no R2",
    why,
    fix: "Switch R2 on in the account's dashboard, or correct the account's id",
  };
}
