import t, { type Test } from "tap";
import { Cloudflare } from "cloudflare";
import {
  type FakeCloudflare,
  fakeToken,
  fakeZone,
  startFakeCloudflare,
} from "../support/fake-cloudflare.ts";

/** Cloudflare's own library, which trusts what the emulator says. */
async function start(
  t: Test,
): Promise<{ fake: FakeCloudflare; client: Cloudflare; zone_id: string }> {
  const fake = await startFakeCloudflare(t);
  const client = new Cloudflare({
    apiToken: fakeToken.value,
    baseURL: fake.url,
    maxRetries: 0,
    logLevel: "off",
  });
  return { fake, client, zone_id: fake.zoneId };
}

async function listAll<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

t.test("the library makes, reads, changes and deletes a record", async (t) => {
  const { client, zone_id } = await start(t);
  const { records } = client.dns;
  const made = await records.create({
    zone_id,
    type: "A",
    name: "www",
    content: "192.0.2.1",
    ttl: 300,
    comment: "made by hand",
  });
  t.match(made, {
    id: /^[0-9a-f]{32}$/,
    name: "www.example.com",
    type: "A",
    content: "192.0.2.1",
    ttl: 300,
    proxied: false,
    proxiable: true,
    comment: "made by hand",
    tags: [],
    created_on: made.modified_on,
  });
  t.strictSame(await records.get(made.id, { zone_id }), made);
  const patch = { zone_id, type: "A", name: "www.example.com", ttl: 60 } as const;
  t.match(await records.edit(made.id, patch), {
    content: "192.0.2.1",
    comment: "made by hand",
    ttl: 60,
  });
  const put = { ...patch, content: "192.0.2.2" };
  const replaced = await records.update(made.id, put);
  t.match(replaced, { id: made.id, content: "192.0.2.2", created_on: made.created_on });
  t.notOk("comment" in replaced, "what is not named goes back to its default");
  t.strictSame(await records.delete(made.id, { zone_id }), { id: made.id });
  t.strictSame(await listAll(records.list({ zone_id })), []);
});

t.test("lists have pages, and filters", async (t) => {
  const { client, zone_id, fake } = await start(t);
  for (let index = 0; index < 7; index += 1) {
    fake.records.create({ type: "A", name: `n${index}`, content: "192.0.2.1" });
    fake.records.create({ type: "TXT", name: `n${index}`, content: "x" });
  }
  const all = await listAll(client.dns.records.list({ zone_id, per_page: 5 }));
  t.equal(new Set(all.map(({ id }) => id)).size, 14);
  const texts = await listAll(client.dns.records.list({ zone_id, type: "TXT" }));
  t.equal(texts.length, 7);
  const named = client.dns.records.list({ zone_id, name: { exact: "n3.example.com" } });
  t.equal((await listAll(named)).length, 2);
  const page = await client.dns.records.list({ zone_id, page: 3, per_page: 5 });
  const counts = { page: 3, per_page: 5, count: 4, total_count: 14, total_pages: 3 };
  t.strictSame(page.result_info, counts);
  t.match(await listAll(client.zones.list({ name: fakeZone })), [
    { id: zone_id, name: fakeZone, status: "active", account: { id: fake.accountId } },
  ]);
  t.strictSame(await listAll(client.zones.list({ name: "example.org" })), []);
  t.match(await client.zones.get({ zone_id }), { id: zone_id, name: fakeZone });
  await t.rejects(client.zones.get({ zone_id: "0".repeat(32) }), { message: /^403 / });
});

t.test("what is not emulated is said to be so, and never left out", async (t) => {
  const { client, zone_id, fake } = await start(t);
  const list = client.dns.records.list({ zone_id, search: "x" });
  await t.rejects(list, { message: /^501 / });
  for (const [method, path] of [
    ["GET", "/zones?status=active"],
    ["GET", "/zones?per_page=51"],
    ["GET", `/zones/${zone_id}/settings`],
    ["POST", `/accounts/${fake.accountId}/r2/buckets`],
    ["GET", `/accounts/${fake.accountId}/r2/buckets?cursor=x`],
  ] as const) {
    const response = await fetch(fake.url + path, {
      method,
      headers: { authorization: `Bearer ${fakeToken.value}` },
    });
    t.strictSame(
      [response.status, (await response.text()).slice(0, 12)],
      [501, "not emulated"],
      path,
    );
  }
});

t.test("a batch is done as a whole: deletes, patches, puts, posts", async (t) => {
  const { client, zone_id, fake } = await start(t);
  const [a, b, c] = ["a", "b", "c"].map((name) =>
    fake.records.create({ type: "A", name, content: "192.0.2.1", comment: "old" }),
  );
  const name = "d.example.com";
  const done = await client.dns.records.batch({
    zone_id,
    deletes: [{ id: a?.id ?? "" }],
    patches: [{ id: b?.id ?? "", type: "A", name: "b", ttl: 60 }],
    puts: [
      { id: c?.id ?? "", type: "CNAME", name: "a.example.com", content: "b.example.com", ttl: 1 },
    ],
    posts: [{ type: "A", name, content: "192.0.2.4", ttl: 1 }],
  });
  t.match(done, {
    deletes: [{ id: a?.id }],
    patches: [{ id: b?.id, ttl: 60, comment: "old" }],
    puts: [{ id: c?.id, type: "CNAME", name: "a.example.com" }],
    posts: [{ name }],
  });
  const before = fake.records.list();
  const twice = { type: "A", name, content: "192.0.2.4", ttl: 1 } as const;
  await t.rejects(
    client.dns.records.batch({ zone_id, deletes: [{ id: b?.id ?? "" }], posts: [twice] }),
    { status: 400, errors: [{ code: 81058 }] },
  );
  t.strictSame(fake.records.list(), before);
});

t.test("names and contents are kept as Cloudflare keeps them", async (t) => {
  const { fake } = await start(t);
  const cases = [
    ["A", "@", "192.0.2.1", fakeZone, "192.0.2.1"],
    ["AAAA", "Example.com.", "2001:DB8:0:0::1", fakeZone, "2001:db8::1"],
    [
      "CNAME",
      "other.example.org",
      "X.example.org.",
      "other.example.org.example.com",
      "x.example.org",
    ],
    ["TXT", "_x", "v=1", "_x.example.com", '"v=1"'],
    ["TXT", "_y", '"v=1"', "_y.example.com", '"v=1"'],
    ["TXT", "_z", "a".repeat(300), "_z.example.com", `"${"a".repeat(255)}" "${"a".repeat(45)}"`],
  ] as const;
  for (const [type, name, content, kept, wanted] of cases) {
    t.match(fake.records.create({ type, name, content }), { name: kept, content: wanted });
  }
  const proxied = { type: "A", name: "p", content: "203.0.113.1", proxied: true, ttl: 300 };
  t.match(fake.records.create(proxied), { proxied: true, ttl: 1 });
});

t.test("buckets are listed behind a name", async (t) => {
  const { fake, client } = await start(t);
  const account = { account_id: fake.accountId };
  fake.buckets.set("velero", { name: "velero" });
  t.strictSame(await client.r2.buckets.list(account), { buckets: [{ name: "velero" }] });
  t.strictSame(await client.r2.buckets.list({ ...account, start_after: "velero" }), {
    buckets: [],
  });
});

t.test("a token is told its state, and one of an account elsewhere", async (t) => {
  const { fake, client } = await start(t);
  const account = { account_id: fake.accountId };
  t.match(await client.user.tokens.verify(), { id: /^[0-9a-f]{32}$/, status: "active" });
  await t.rejects(client.accounts.tokens.verify(account), { message: /^401 / });
  fake.tokens.splice(0, 1, { ...fakeToken, isOfAccount: true, status: "expired" });
  t.match(await client.accounts.tokens.verify(account), { status: "expired" });
  await t.rejects(client.user.tokens.verify(), { message: /^401 / });
  await t.rejects(client.zones.list(), { message: /^403 / });
});

t.test("only so many requests are let through", async (t) => {
  const { fake, client } = await start(t);
  fake.limit(1, 3600);
  const { response } = await client.zones.list().withResponse();
  t.equal(response.headers.get("ratelimit"), '"default";r=0;t=3600');
  t.equal(response.headers.get("ratelimit-policy"), '"default";q=1;w=3600');
  t.notOk(response.headers.has("retry-after"));
  const refusedThen = await client.zones.list().catch((error: unknown) => error);
  t.match(refusedThen, {
    status: 429,
    errors: [{ code: 971, message: "Please wait and consider throttling your request speed" }],
  });
  const { headers } = refusedThen as { headers: Headers };
  t.equal(headers.get("retry-after"), "3600");
  fake.limit(1200, 300);
  await t.resolves(client.zones.list());
});

t.test("a lost answer is carried out, and planted faults come first", async (t) => {
  const { fake, client, zone_id } = await start(t);
  fake.faults.push("lost", "drop", { status: 500, body: "<html>" });
  const draft = { zone_id, type: "A", name: "a", content: "192.0.2.1", ttl: 1 } as const;
  await t.rejects(client.dns.records.create(draft), { message: "Connection error." });
  t.equal(fake.records.list().length, 1);
  await t.rejects(client.zones.list(), { message: "Connection error." });
  await t.rejects(client.zones.list(), { message: /^500 / });
  t.equal(fake.requests.length, 3);
});
