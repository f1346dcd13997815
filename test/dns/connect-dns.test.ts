import t from "tap";
import type { ApiToken } from "../../lab/clouds/cloudflare-gate.ts";
import { connectDns } from "../../lib/dns/connect-dns.ts";
import type { NewRecord } from "../../lib/records.ts";
import type { Dns } from "../../lib/world.ts";
import { checkDns, record } from "../support/dns-contract.ts";
import {
  type FakeCloudflare,
  fakeEnv,
  fakeToken,
  fakeZone,
  startFakeCloudflare,
} from "../support/fake-cloudflare.ts";

function connect({ url }: FakeCloudflare, env: NodeJS.ProcessEnv = fakeEnv): Dns {
  return connectDns({ cloudflare: { url } }, env);
}

/** Lets the API know one token, with other permissions than the usual ones. */
function limitToken(fake: FakeCloudflare, change: Partial<ApiToken>): void {
  fake.tokens.splice(0, 1, { ...fakeToken, ...change });
}

const creates = [record("new.example.com", "A", "192.0.2.9")];
const change = { deletes: [], edits: [], creates };

await t.test("the driver does what every Dns does", async (t) => {
  await checkDns(t, async (t) => connect(await startFakeCloudflare(t)));
});

t.test("a zone's records are read to the last page", async (t) => {
  const fake = await startFakeCloudflare(t);
  for (let index = 0; index < 501; index += 1) {
    fake.records.create({ type: "A", name: `n${index}`, content: "192.0.2.1" });
  }
  const names = new Set((await connect(fake).listRecords(fakeZone)).map(({ name }) => name));
  t.equal(names.size, 501);
  t.ok(names.has("n500.example.com"));
  t.match(fake.requests.at(-1), /dns_records\?per_page=500&page=3$/, "until an empty one");
});

t.test("records are read as they are, and written as the API takes them", async (t) => {
  const fake = await startFakeCloudflare(t);
  const dns = connect(fake);
  await dns.changeRecords("Example.COM.", {
    deletes: [],
    edits: [],
    creates: [
      record("web.example.com", "A", "192.0.2.1", { proxied: true, ttlSeconds: 1 }),
      record("web.example.com", "AAAA", "2001:db8:0::1", { ttlSeconds: 1 }),
      record("example.com", "MX", "mail.example.com.", { priority: 10 }),
      record("example.com", "TXT", "v=spf1 -all"),
      record("sub.example.com", "NS", "ns.example.org"),
    ],
  });
  t.strictSame(
    (await dns.listRecords(fakeZone)).map(({ id: _id, ...rest }) => rest),
    [
      record("web.example.com", "A", "192.0.2.1", { proxied: true, ttlSeconds: 1 }),
      record("web.example.com", "AAAA", "2001:db8::1", { ttlSeconds: 1 }),
      record("example.com", "MX", "mail.example.com", { priority: 10 }),
      record("example.com", "TXT", '"v=spf1 -all"'),
      record("sub.example.com", "NS", "ns.example.org"),
    ],
  );
  t.equal(
    fake.requests.filter((one) => one.includes("/zones?")).length,
    2,
    "its id is asked for once",
  );
  await t.rejects(
    dns.changeRecords(fakeZone, { ...change, creates: [record("a.example.com", "SRV", "1 1 x")] }),
    { code: "DNS_TYPE_UNSUPPORTED", fix: /tofu/ },
  );
});

interface Refusal {
  name: string;
  prepare?(fake: FakeCloudflare): void;
  env?: NodeJS.ProcessEnv;
  zone?: string;
  /** A change that is refused, when reading is allowed. */
  creates?: NewRecord[];
  error: {
    code: string;
    exitCode?: number;
    message?: RegExp;
    why?: string | RegExp;
    fix?: RegExp;
  };
}

const denied = { code: "DNS_DENIED", exitCode: 2 };

const refusals: Refusal[] = [
  { name: "no token", env: {}, error: { ...denied, why: /CLOUDFLARE_API_TOKEN is not set/ } },
  {
    name: "a token of two lines",
    env: { CLOUDFLARE_API_TOKEN: "a\nb" },
    error: { ...denied, fix: /Make a new token/ },
  },
  {
    name: "a token that is none",
    env: { CLOUDFLARE_API_TOKEN: "short" },
    error: { ...denied, why: /Invalid format for Authorization header \(6111\)/ },
  },
  {
    name: "a token that nobody knows",
    env: { CLOUDFLARE_API_TOKEN: "x".repeat(40) },
    error: { ...denied, why: "Invalid access token (9109)", fix: /Make a new token/ },
  },
  {
    name: "a token that was switched off",
    prepare: (fake) => limitToken(fake, { status: "disabled" }),
    error: { ...denied, why: "Invalid access token (9109)" },
  },
  {
    name: "a token that may not list zones",
    prepare: (fake) => limitToken(fake, { permissions: ["DNS Write"] }),
    error: { ...denied, message: /may not list zones/, fix: /permission Zone\.Zone Read/ },
  },
  {
    name: "a token that may not read records",
    prepare: (fake) => limitToken(fake, { permissions: ["Zone Read"] }),
    error: {
      ...denied,
      message: /may not read the records of example\.com/,
      fix: /permission Zone\.DNS Read/,
    },
  },
  {
    name: "a token that may only read records",
    prepare: (fake) => limitToken(fake, { permissions: ["Zone Read", "DNS Read"] }),
    creates,
    error: {
      ...denied,
      message: /may not change the records of example\.com/,
      why: "Authentication error (10000)",
      fix: /permission Zone\.DNS Edit/,
    },
  },
  {
    name: "a zone that the account does not have",
    zone: "example.net",
    error: {
      code: "DNS_ZONE_UNKNOWN",
      why: "it reaches these: example.com",
      fix: /Correct the zone/,
    },
  },
  {
    name: "a token for another zone",
    prepare: (fake) => limitToken(fake, { zones: [] }),
    error: { code: "DNS_ZONE_UNKNOWN", why: /none at all/, fix: /zone resources/ },
  },
  {
    name: "the id of another zone",
    env: { ...fakeEnv, CLOUDFLARE_ZONE_ID: "0".repeat(32) },
    error: { code: "DNS_ZONE_UNKNOWN", message: /CLOUDFLARE_ZONE_ID/ },
  },
  {
    name: "too many requests, for an hour",
    prepare: (fake) => fake.limit(0, 3600),
    error: {
      code: "DNS_LIMITED",
      why: /throttling your request speed \(971\); the rate limit ends in 3600 s/,
    },
  },
  {
    name: "a record that is no record",
    creates: [...creates, record("b.example.com", "A", "192.0.2.300")],
    error: { code: "DNS_REFUSED", why: "Content for A record must be a valid IPv4 address (9005)" },
  },
  {
    name: "a mail server without a priority",
    creates: [...creates, record("example.com", "MX", "mail.example.com")],
    error: { code: "DNS_REFUSED", why: "priority is a required field (9100)" },
  },
  {
    name: "a TTL of a second too little",
    creates: [...creates, record("b.example.com", "A", "192.0.2.3", { ttlSeconds: 59 })],
    error: { code: "DNS_REFUSED", why: /between 60 and 86400 seconds.*\(9021\)/ },
  },
];

for (const { name, prepare, env, zone = fakeZone, creates: refused, error } of refusals) {
  t.test(`refused with the fix, and nothing changed: ${name}`, async (t) => {
    const fake = await startFakeCloudflare(t);
    fake.records.create({ type: "A", name: "old", content: "192.0.2.1" });
    const before = fake.records.list();
    prepare?.(fake);
    const dns = connect(fake, env);
    const wanted = { fix: /\w/, ...error };
    if (refused === undefined) await t.rejects(dns.listRecords(zone), wanted);
    else await t.resolves(dns.listRecords(zone));
    await t.rejects(
      dns.changeRecords(zone, { ...change, creates: refused ?? creates }),
      refused === undefined ? { code: error.code } : wanted,
    );
    t.strictSame(fake.records.list(), before);
  });
}

t.test("the first zones of many are named, and how many more there are", async (t) => {
  const zones = Array.from({ length: 61 }, (_, index) => `z${index}.example`);
  const fake = await startFakeCloudflare(t, { zones });
  await t.rejects(connect(fake).listRecords(fakeZone), {
    code: "DNS_ZONE_UNKNOWN",
    why: /^it reaches these: z0\.example, .*z9\.example, and 51 more$/,
  });
  t.match(fake.requests.at(-1), /zones\?per_page=50&page=3$/);
});

t.test("of several zones of one name the id tells which", async (t) => {
  const fake = await startFakeCloudflare(t);
  const id = fake.zoneId;
  const both = [id, "0".repeat(32)].toReversed().map((one) => ({ id: one, name: fakeZone }));
  const page = (result: unknown[]) => ({ status: 200, body: { success: true, result } });
  fake.faults.push(page(both), page([]));
  await t.rejects(connect(fake).listRecords(fakeZone), {
    code: "DNS_ZONE_UNKNOWN",
    message: /reaches 2 zones example\.com/,
    fix: /CLOUDFLARE_ZONE_ID/,
  });
  fake.faults.push(page(both), page([]));
  const dns = connect(fake, { ...fakeEnv, CLOUDFLARE_ZONE_ID: id });
  await t.resolves(dns.listRecords(fakeZone));
  t.match(fake.requests.at(-1), `/zones/${id}/dns_records`);
});

t.test("an API that does not answer is asked three times", async (t) => {
  const fake = await startFakeCloudflare(t);
  fake.faults.push("drop", "half", { status: 503, body: "<html>" });
  await t.rejects(connect(fake).listRecords(fakeZone), { code: "DNS_UNREACHABLE", why: /503/ });
  t.equal(fake.requests.length, 3);
  fake.faults.push("drop", { status: 500 });
  await t.resolves(connect(fake).listRecords(fakeZone), "and may be back by then");
});

t.test("a page that is none of the API's is no empty zone", async (t) => {
  const fake = await startFakeCloudflare(t);
  await connect(fake).changeRecords(fakeZone, change);
  const page = { status: 200, body: "<html>log in</html>" };
  fake.faults.push(page, page, page);
  await t.rejects(connect(fake).listRecords(fakeZone), {
    code: "DNS_UNREACHABLE",
    why: "HTTP 200 is no answer of the API",
  });
});

t.test("an order is sent once, whatever becomes of its answer", async (t) => {
  const fake = await startFakeCloudflare(t);
  const dns = connect(fake);
  await dns.listRecords(fakeZone);
  const wait = { status: 429, headers: { "retry-after": "0.1" } };
  for (const [fault, code] of [
    [{ status: 503 }, "DNS_UNREACHABLE"],
    [wait, "DNS_LIMITED"],
    ["lost", "DNS_UNREACHABLE"],
  ] as const) {
    fake.faults.push(fault);
    await t.rejects(dns.changeRecords(fakeZone, change), { code });
  }
  t.equal(fake.requests.filter((one) => one.startsWith("POST")).length, 3);
  t.equal(fake.records.list().length, 1, "the last was carried out");
  await t.rejects(dns.changeRecords(fakeZone, change), {
    code: "DNS_CONFLICT",
    message: /have changed since they were read/,
    why: "An identical record already exists (81058)",
  });
});
