import t from "tap";
import type { ApiToken } from "../../lab/clouds/cloudflare-gate.ts";
import { type Buckets, connectBuckets } from "../../lib/storage/connect-buckets.ts";
import {
  type FakeCloudflare,
  fakeEnv,
  fakeToken,
  startFakeCloudflare,
} from "../support/fake-cloudflare.ts";

function connect(fake: FakeCloudflare, env: NodeJS.ProcessEnv = fakeEnv): Buckets {
  return connectBuckets({ cloudflare: { url: fake.url } }, fake.accountId, env);
}

function changeToken(fake: FakeCloudflare, change: Partial<ApiToken>): void {
  fake.tokens.splice(0, 1, { ...fakeToken, ...change });
}

t.test("buckets are listed to the last page, and found by name", async (t) => {
  const fake = await startFakeCloudflare(t);
  t.strictSame(await connect(fake).list(), []);
  for (let index = 0; index < 1001; index += 1) {
    const name = `b-${String(index).padStart(4, "0")}`;
    fake.buckets.set(name, { name, location: "weur", creation_date: "2026-01-01T00:00:00.000Z" });
  }
  const buckets = await connect(fake).list();
  t.equal(new Set(buckets.map(({ name }) => name)).size, 1001);
  t.strictSame(await connect(fake).find("b-0007"), {
    name: "b-0007",
    location: "weur",
    createdAt: "2026-01-01T00:00:00.000Z",
  });
  t.equal(await connect(fake).find("b-1001"), undefined);
});

t.test("a token is known by what it says of itself, and by what it may do", async (t) => {
  const fake = await startFakeCloudflare(t);
  t.match(await connect(fake).checkToken(), { id: /^[0-9a-f]{32}$/, expiresAt: undefined });

  changeToken(fake, { isOfAccount: true });
  t.match(await connect(fake).checkToken(), { id: /^[0-9a-f]{32}$/ });
  t.match(fake.requests.at(-2), `/accounts/${fake.accountId}/tokens/verify`);

  changeToken(fake, { permissions: ["Zone Read", "DNS Write"] });
  await t.rejects(connect(fake).checkToken(), {
    code: "STORAGE_DENIED",
    message: /may not read the buckets of the account/,
    why: "Authentication error (10000)",
    fix: /permission Account\.Workers R2 Storage Read/,
  });
  for (const status of ["disabled", "expired"] as const) {
    changeToken(fake, { status });
    const error = { code: "STORAGE_DENIED", why: `it is ${status}`, fix: /Make a new token/ };
    await t.rejects(connect(fake).checkToken(), error);
  }
  const env = { CLOUDFLARE_API_TOKEN: "x".repeat(40) };
  await t.rejects(connect(fake, env).checkToken(), {
    code: "STORAGE_DENIED",
    why: "Invalid API Token (1000)",
    fix: /Make a new token/,
  });
});

t.test("what can be wrong is told with the fix", async (t) => {
  const fake = await startFakeCloudflare(t);
  const site = { cloudflare: { url: fake.url } };
  await t.rejects(connectBuckets(site, "0".repeat(32), fakeEnv).list(), { code: "STORAGE_DENIED" });
  await t.rejects(connect(fake, {}).list(), { code: "STORAGE_DENIED", why: /is not set/ });

  // cloudflare/workers-sdk#1988, with the status of developers.cloudflare.com/r2/api/error-codes.
  const message = "Please enable R2 through the Cloudflare Dashboard.";
  const body = { success: false, errors: [{ code: 10042, message }], messages: [], result: null };
  fake.faults.push({ status: 403, body });
  await t.rejects(connect(fake).list(), { code: "STORAGE_DISABLED", fix: /Switch R2 on/ });

  fake.limit(0, 3600);
  await t.rejects(connect(fake).find("b"), { code: "STORAGE_LIMITED" });
  await fake.close();
  await t.rejects(connect(fake).checkToken(), { code: "STORAGE_UNREACHABLE", why: /ECONNREFUSED/ });
});
