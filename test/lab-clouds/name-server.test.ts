import t from "tap";
import { Cloudflare } from "cloudflare";
import { fakeToken, fakeZone, startFakeCloudflare } from "../support/fake-cloudflare.ts";
import { findKnot, startKnot } from "../support/knot.ts";

/** The real server, which the lab's cache has once a lab was up. */
const command = await findKnot();
if (command === undefined) {
  t.comment("skipped: there is no Knot DNS in the lab's cache, and none is installed");
  process.exit(0);
}

t.test("what is changed through the API is what a resolver is told", async (t) => {
  let changed: () => void = () => undefined;
  const fake = await startFakeCloudflare(t, { onChange: () => changed() });
  fake.records.create({ type: "A", name: "www", content: "192.0.2.1", ttl: 60 });
  const { server, resolver } = await startKnot(t, command, {
    zone: fakeZone,
    records: () => fake.records.list(),
  });
  let served = Promise.resolve();
  changed = () => (served = server.publish());
  t.strictSame(await resolver.resolve4("www.example.com", { ttl: true }), [
    { address: "192.0.2.1", ttl: 60 },
  ]);
  const { serial } = await resolver.resolveSoa(fakeZone);

  const client = new Cloudflare({ apiToken: fakeToken.value, baseURL: fake.url, logLevel: "off" });
  const zone_id = fake.zoneId;
  const id = fake.records.list()[0]?.id ?? "";
  const [type, name, ttl] = ["A", "www.example.com", 60] as const;
  const startedAt = performance.now();
  await client.dns.records.edit(id, { zone_id, type, name, content: "192.0.2.2", ttl });
  await served;
  t.strictSame(await resolver.resolve4("www.example.com"), ["192.0.2.2"]);
  t.comment(`served ${Math.round(performance.now() - startedAt)} ms after it was asked for`);
  t.ok((await resolver.resolveSoa(fakeZone)).serial > serial);

  const text = `${"long ".repeat(80)}"ü" \\`;
  const posts = [
    { type: "AAAA", name, content: "2001:db8::2", ttl },
    { type: "CNAME", name: "blog.example.com", content: "www.example.com", ttl },
    { type: "MX", name: "example.com", content: "mail.example.com", priority: 10, ttl },
    { type: "TXT", name: "note.example.com", content: quote(text), ttl },
    { type: "A", name: "proxied.example.com", content: "198.51.100.1", proxied: true, ttl: 1 },
  ] as const;
  await client.dns.records.batch({ zone_id, posts: [...posts] });
  await served;
  t.strictSame(await resolver.resolve6("blog.example.com"), ["2001:db8::2"]);
  t.match(await resolver.resolveMx("example.com"), [
    { exchange: "mail.example.com", priority: 10 },
  ]);
  const [strings = []] = await resolver.resolveTxt("note.example.com");
  t.equal(Buffer.from(strings.join(""), "latin1").toString(), text);
  t.strictSame(await resolver.resolve4("proxied.example.com", { ttl: true }), [
    { address: "192.0.2.1", ttl: 300 },
  ]);

  await client.dns.records.delete(id, { zone_id });
  await served;
  await t.rejects(resolver.resolve4("www.example.com"), { code: "ENODATA" });
  await t.rejects(resolver.resolve4("nobody.example.com"), { code: "ENOTFOUND" });
  await t.rejects(resolver.resolve4("example.org"), { code: "EREFUSED" });
});

t.test("changes that come while it reads are served, too", async (t) => {
  const fake = await startFakeCloudflare(t);
  const { server, resolver } = await startKnot(t, command, {
    zone: fakeZone,
    records: () => fake.records.list(),
  });
  const changes = Array.from({ length: 20 }, async (_, index) => {
    fake.records.create({ type: "A", name: "www", content: `192.0.2.${index}` });
    await server.publish();
  });
  await Promise.all(changes);
  t.equal((await resolver.resolve4("www.example.com")).length, 20);
});

/** As a client sends a text that has quotes itself. */
function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
