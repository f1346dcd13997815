import t from "tap";
import type { ApiToken } from "../../lab/clouds/cloudflare-gate.ts";
import {
  type FakeCloudflare,
  fakeToken,
  fakeZone,
  startFakeCloudflare,
} from "../support/fake-cloudflare.ts";

/** A request as it goes over the line: the status, and the body as it came. */
async function send(
  fake: FakeCloudflare,
  method: string,
  path: string,
  { token = fakeToken.value, body }: { token?: string | undefined; body?: unknown } = {},
): Promise<[number, unknown]> {
  const response = await fetch(`${fake.url}${path}`, {
    method,
    headers: token === "" ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return [response.status, await response.json()];
}

/** As the API writes its refusals. */
function refusal(...errors: unknown[]): unknown {
  return { success: false, errors, messages: [], result: null };
}

/** Bodies as they were reported; lab/clouds/cloudflare-faults.ts says where. */
const refused: { name: string; draft: Record<string, unknown>; status?: number; error: unknown }[] =
  [
    {
      name: "an address that is none",
      draft: { type: "A", name: "new", content: "192.0.2.300" },
      error: { code: 9005, message: "Content for A record must be a valid IPv4 address." },
    },
    {
      name: "a short address where a long one belongs",
      draft: { type: "AAAA", name: "new", content: "192.0.2.1" },
      error: { code: 9006, message: "Content for AAAA record must be a valid IPv6 address." },
    },
    {
      name: "a target that is no name",
      draft: { type: "CNAME", name: "new", content: "not a name" },
      error: { code: 9007, message: "Content for CNAME record is invalid." },
    },
    {
      name: "a name that is none",
      draft: { type: "A", name: "a..b", content: "192.0.2.1" },
      error: { code: 9000, message: "DNS name is invalid." },
    },
    {
      name: "a type that is none",
      draft: { type: "B", name: "new", content: "192.0.2.1" },
      error: { code: 9002, message: "DNS record type is invalid." },
    },
    {
      name: "a TTL of less than a minute",
      draft: { type: "A", name: "new", content: "192.0.2.1", ttl: 30 },
      error: {
        code: 9021,
        message: "TTL must be between 60 and 86400 seconds, or 1 for Automatic.",
      },
    },
    {
      name: "a text that Cloudflare should answer for",
      draft: { type: "TXT", name: "new", content: "x", proxied: true },
      error: { code: 9004, message: "This record type cannot be proxied." },
    },
    {
      name: "an inner address that Cloudflare should fetch from",
      draft: { type: "A", name: "new", content: "10.0.10.2", proxied: true },
      error: { code: 9003, message: "Target 10.0.10.2 is not allowed for a proxied record." },
    },
    {
      name: "a mail server without a priority",
      draft: { type: "MX", name: "new", content: "mail.example.com" },
      error: { code: 9100, message: "priority is a required field." },
    },
    {
      name: "the same record again",
      draft: { type: "A", name: "a", content: "192.0.2.1" },
      error: { code: 81058, message: "An identical record already exists." },
    },
    {
      name: "a CNAME where an address is",
      draft: { type: "CNAME", name: "a", content: "b.example.com" },
      error: {
        code: 81053,
        message:
          "An A, AAAA, or CNAME record with that host already exists. For more details, refer to <https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>.",
      },
    },
    {
      name: "an address where a CNAME is",
      draft: { type: "A", name: "c", content: "192.0.2.1" },
      error: {
        code: 81054,
        message:
          "A CNAME record with that host already exists. For more details, refer to <https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>.",
      },
    },
    {
      name: "anything where another zone begins",
      draft: { type: "A", name: "n", content: "192.0.2.1" },
      error: { code: 81056, message: "NS records with that host already exist." },
    },
    {
      name: "another zone where a record is",
      draft: { type: "NS", name: "a", content: "ns.example.org" },
      error: { code: 81055, message: "Non-NS records with that host already exist." },
    },
  ];

for (const { name, draft, error } of refused) {
  t.test(`refused: ${name}`, async (t) => {
    const fake = await startFakeCloudflare(t);
    fake.records.create({ type: "A", name: "a", content: "192.0.2.1" });
    fake.records.create({ type: "CNAME", name: "c", content: "a.example.com" });
    fake.records.create({ type: "NS", name: "n", content: "ns.example.org" });
    const before = fake.records.list();
    const path = `/zones/${fake.zoneId}/dns_records`;
    t.strictSame(await send(fake, "POST", path, { body: draft }), [400, refusal(error)]);
    t.strictSame(fake.records.list(), before);
  });
}

t.test("records, zones and buckets that are not there", async (t) => {
  const fake = await startFakeCloudflare(t);
  const gone = { code: 81044, message: "Record does not exist." };
  const path = `/zones/${fake.zoneId}/dns_records/${"0".repeat(32)}`;
  t.strictSame(await send(fake, "GET", path), [404, refusal(gone)]);
  t.strictSame(await send(fake, "DELETE", path), [404, refusal(gone)]);
  t.strictSame(await send(fake, "PATCH", path, { body: {} }), [404, refusal(gone)]);
  const named = `/zones/${fakeZone}/dns_records`;
  const message = `Could not route to /client/v4${named}, perhaps your object identifier is invalid?`;
  t.strictSame(await send(fake, "GET", named), [404, refusal({ code: 7003, message })]);
  const bucket = `/accounts/${fake.accountId}/r2/buckets/none`;
  const noBucket = { code: 10006, message: "The specified bucket does not exist." };
  t.strictSame(await send(fake, "GET", bucket), [404, refusal(noBucket)]);
});

/** As they were watched at the API itself in June 2026, or reported. */
const tokens: { name: string; token?: string; change?: Partial<ApiToken>; answers: unknown[][] }[] =
  [
    {
      name: "none",
      token: "",
      answers: [
        [
          "/zones",
          400,
          { code: 9106, message: "Missing X-Auth-Key, X-Auth-Email or Authorization headers" },
        ],
      ],
    },
    {
      name: "malformed",
      token: "abc-def",
      answers: [
        [
          "/zones",
          400,
          {
            code: 6003,
            message: "Invalid request headers",
            error_chain: [{ code: 6111, message: "Invalid format for Authorization header" }],
          },
        ],
      ],
    },
    {
      name: "unknown",
      token: "Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY",
      answers: [
        ["/zones", 403, { code: 9109, message: "Invalid access token" }],
        ["/zones/ZONE/dns_records", 403, { code: 9109, message: "Invalid access token" }],
        ["/user/tokens/verify", 401, { code: 1000, message: "Invalid API Token" }],
        ["/accounts/ACCOUNT/r2/buckets", 401, { code: 10000, message: "Authentication error" }],
      ],
    },
    {
      name: "without a permission",
      change: { permissions: [] },
      answers: [
        ["/zones", 403, { code: 9109, message: "Unauthorized to access requested resource" }],
        ["/zones/ZONE/dns_records", 403, { code: 10000, message: "Authentication error" }],
        ["/accounts/ACCOUNT/r2/buckets", 403, { code: 10000, message: "Authentication error" }],
      ],
    },
  ];

for (const { name, token, change, answers } of tokens) {
  t.test(`a token: ${name}`, async (t) => {
    const fake = await startFakeCloudflare(t);
    fake.tokens.splice(0, 1, { ...fakeToken, ...change });
    for (const [template, status, error] of answers) {
      const path = String(template).replace("ZONE", fake.zoneId).replace("ACCOUNT", fake.accountId);
      t.strictSame(await send(fake, "GET", path, { token }), [status, refusal(error)], path);
    }
  });
}
