import path from "node:path";
import t from "tap";
import { redact } from "../../lib/cli/redact.ts";
import {
  type CloudflareApi,
  type CloudflareOptions,
  openCloudflare,
} from "../../lib/cloudflare/open-cloudflare.ts";
import {
  type FakeCloudflare,
  fakeEnv,
  fakeToken,
  startFakeCloudflare,
} from "../support/fake-cloudflare.ts";
import { setVariables } from "../support/environment.ts";
import { makeOwnCa } from "../support/own-ca.ts";

function open(fake: FakeCloudflare, options: Partial<CloudflareOptions> = {}): CloudflareApi {
  return openCloudflare("DNS", { endpoint: { url: fake.url }, env: fakeEnv, ...options });
}

const asked = { what: "list zones", permission: "Zone.Zone Read" };

async function countZones({ ask }: CloudflareApi): Promise<number> {
  return await ask(asked, async (client) => (await client.zones.list()).result.length);
}

t.test("the token is sent as a secret, and only to the site's endpoint", async (t) => {
  const fake = await startFakeCloudflare(t);
  const elsewhere = await startFakeCloudflare(t);
  setVariables(t, {
    CLOUDFLARE_BASE_URL: elsewhere.url,
    CLOUDFLARE_API_KEY: "0".repeat(37),
    CLOUDFLARE_EMAIL: "somebody@example.com",
    CLOUDFLARE_API_USER_SERVICE_KEY: "v1.0-key",
    CLOUDFLARE_LOG: "debug",
  });
  const printed = (["debug", "info", "warn", "error"] as const).map((level) =>
    t.capture(console, level, () => {}),
  );
  t.equal(await countZones(open(fake)), 1);
  t.strictSame(elsewhere.requests, []);
  t.strictSame(
    printed.flatMap((calls) => calls()),
    [],
    "the library keeps quiet",
  );
  t.equal(fake.lastHeaders.authorization, `Bearer ${fakeToken.value}`);
  const names = Object.keys(fake.lastHeaders);
  t.strictSame(
    names.filter((name) => name.startsWith("x-auth-")),
    [],
    "no other key is sent",
  );
  t.equal(redact(`Bearer ${fakeToken.value}`), "Bearer [secret]");
});

t.test("a rate limit is waited for, but not for long", async (t) => {
  const fake = await startFakeCloudflare(t);
  fake.faults.push({ status: 429, headers: { "retry-after": "0.2" } });
  t.equal(await countZones(open(fake, { patienceSeconds: 1 })), 1);
  t.equal(fake.requests.length, 2);

  fake.limit(0, 3600);
  await t.rejects(countZones(open(fake, { patienceSeconds: 1 })), { code: "DNS_LIMITED" });
  t.equal(fake.requests.length, 3, "nobody waits for an hour");

  const date = new Date(Date.now() + 3_600_000).toUTCString();
  fake.faults.push({ status: 429, headers: { "retry-after": date } });
  fake.limit(10, 1);
  t.equal(await countZones(open(fake)), 1, "a date is none of Cloudflare's");

  const short = { status: 429, headers: { "retry-after": "0.1" } };
  fake.faults.push(short, short, short);
  await t.rejects(countZones(open(fake)), { code: "DNS_LIMITED", why: /ends in 0\.1 s/ });
});

t.test("what is no answer, and what is none of the API's", async (t) => {
  const fake = await startFakeCloudflare(t);
  const api = open(fake, { retries: 0, requestTimeoutSeconds: 0.3 });
  const page = (body: string) => ({ status: 200, body });
  const faults = [
    "hang",
    "drop",
    "half",
    page("<html>log in</html>"),
    page("null"),
    page("{}"),
    page('{"success":false,"errors":[],"result":[]}'),
    page(`"${"x".repeat(1_100_000)}"`),
    { status: 302, headers: { location: "http://127.0.0.1:1/" } },
    { status: 500 },
  ] as const;
  for (const fault of faults) {
    fake.faults.push(fault);
    const name = JSON.stringify(fault).slice(0, 60);
    await t.rejects(countZones(api), { code: "DNS_UNREACHABLE", fix: /carried out/ }, name);
  }
  t.equal(fake.requests.length, faults.length);
  fake.faults.push("hang");
  await t.rejects(countZones(api), {
    code: "DNS_UNREACHABLE",
    why: "no answer within 0.3 s",
  });
  await fake.close();
  await t.rejects(countZones(api), { code: "DNS_UNREACHABLE", why: /ECONNREFUSED/ });
});

t.test("errors of other requests keep their code, and none hides a defect", async (t) => {
  const fake = await startFakeCloudflare(t);
  const api = openCloudflare("STORAGE", { endpoint: { url: fake.url }, env: fakeEnv });
  fake.faults.push({
    status: 400,
    body: { success: false, errors: [{ code: 1, message: "no." }, { message: "never" }] },
  });
  await t.rejects(countZones(api), {
    code: "STORAGE_REFUSED",
    message: "Cloudflare refused to list zones",
    why: "no (1); never (no code)",
  });
  fake.faults.push({ status: 418, body: "teapot" });
  await t.rejects(countZones(api), { code: "STORAGE_REFUSED", why: "it answered 418" });
  const defect = new TypeError("a defect");
  await t.rejects(
    api.ask(asked, async () => {
      throw defect;
    }),
    defect,
  );
});

t.test("an endpoint with a CA of its own", async (t) => {
  const folder = t.testdir({});
  const own = makeOwnCa(folder);
  if (own === undefined) {
    t.plan(0, "there is no openssl program to make certificates with");
    return;
  }
  const fake = await startFakeCloudflare(t, { tls: own });
  const { url } = fake;
  t.equal(await countZones(open(fake, { endpoint: { url: `${url}/`, caFile: own.caFile } })), 1);

  const count = fake.requests.length;
  const untrusted = open(fake, { retries: 0 });
  await t.rejects(countZones(untrusted), { code: "DNS_UNREACHABLE", why: /certificate/ });
  const caFile = path.join(folder, "none.pem");
  await t.rejects(countZones(open(fake, { endpoint: { url, caFile } })), {
    code: "DNS_UNREACHABLE",
    where: { file: caFile },
    fix: /"cloudflare" in site\.yaml/,
  });
  t.equal(fake.requests.length, count, "no token went to a server that is not trusted");
});
