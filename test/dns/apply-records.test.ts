import t from "tap";
import type { CloudflareFault } from "../../lab/clouds/cloudflare-api.ts";
import { applyRecords } from "../../lib/dns/apply-records.ts";
import { connectDns } from "../../lib/dns/connect-dns.ts";
import { InfraError } from "../../lib/errors.ts";
import type { Dns } from "../../lib/world.ts";
import { record } from "../support/dns-contract.ts";
import { fakeEnv, startFakeCloudflare } from "../support/fake-cloudflare.ts";
import { createDns, memoryZone } from "../support/memory/dns.ts";

const source = record("status.example.com", "A", "192.0.2.1");
const target = { ...source, content: "192.0.2.2" };
const wanted = { zone: memoryZone, before: [source], after: [target] };

t.test("records are brought to where they are wanted, once", async (t) => {
  const dns = createDns();
  const old = dns.add(source);
  const changes = await applyRecords({ dns }, wanted);
  t.strictSame(changes, { deletes: [], edits: [{ ...target, id: old.id }], creates: [] });
  t.strictSame(await dns.listRecords(memoryZone), [{ ...target, id: old.id }]);
  t.strictSame(await applyRecords({ dns }, wanted), { deletes: [], edits: [], creates: [] });
});

t.test("one blocker, or several, stop all of it", async (t) => {
  const dns = createDns();
  dns.add({ ...source, content: "198.51.100.7" });
  await t.rejects(applyRecords({ dns }, wanted), { code: "DNS_OWNED_BY_OTHER", exitCode: 2 });
  const after = [
    target,
    record("a.example.org", "A", "192.0.2.2"),
    record("b.example.com", "A", "192.0.2.2"),
  ];
  await t.rejects(applyRecords({ dns }, { ...wanted, after }), {
    code: "DNS_BLOCKED",
    message: /^2 records cannot be changed; nothing was changed$/,
    why: /declared nowhere.*\n.*not in the zone/,
  });
  t.equal(dns.zones.get(memoryZone)?.length, 1);
});

t.test("a zone that changes meanwhile is looked at again, and judged again", async (t) => {
  const dns = createDns();
  const old = dns.add(source);
  dns.meanwhile = () => {
    dns.zones.set(memoryZone, []);
    dns.add(source);
  };
  const changes = await applyRecords({ dns }, wanted);
  t.not(changes.edits[0]?.id, old.id);
  t.match(await dns.listRecords(memoryZone), [target]);

  const other = createDns();
  other.add(source);
  other.meanwhile = () => {
    other.zones.set(memoryZone, []);
    other.add({ ...source, content: "198.51.100.7" });
  };
  await t.rejects(applyRecords({ dns: other }, wanted), { code: "DNS_OWNED_BY_OTHER" });
});

t.test("one that never holds still is given up", async (t) => {
  const dns = createDns();
  let changes = 0;
  dns.changeRecords = async () => {
    changes += 1;
    throw new InfraError({ code: "DNS_CONFLICT", message: "again" });
  };
  await t.rejects(applyRecords({ dns }, wanted), { code: "DNS_CONFLICT" });
  t.equal(changes, 3);
});

t.test("an order whose answer is lost is found done, and not given again", async (t) => {
  const dns = createDns();
  const old = dns.add(source);
  dns.losesAnswer = true;
  t.strictSame((await applyRecords({ dns }, wanted)).edits, [{ ...target, id: old.id }]);
  t.match(await dns.listRecords(memoryZone), [target]);

  const corrected = { ...source, content: "198.51.100.7" };
  const other = createDns();
  other.add(source);
  const { changeRecords } = other;
  other.changeRecords = async (zone, changes) => {
    other.losesAnswer = true;
    await changeRecords(zone, changes).finally(() => {
      other.zones.set(memoryZone, []);
      other.add(corrected);
    });
  };
  const error = { code: "DNS_OWNED_BY_OTHER" };
  await t.rejects(applyRecords({ dns: other }, wanted), error, "somebody was there after it");
  t.match(await other.listRecords(memoryZone), [corrected]);

  dns.fault = "DNS_LIMITED";
  await t.rejects(applyRecords({ dns }, wanted), { code: "DNS_LIMITED" });
});

t.test("so it is at Cloudflare, and what was not carried out is given again", async (t) => {
  const fake = await startFakeCloudflare(t);
  const driver = connectDns({ cloudflare: { url: fake.url } }, fakeEnv);
  const faults: CloudflareFault[] = [{ status: 503 }, "lost"];
  const dns: Dns = {
    ...driver,
    async changeRecords(zone, changes) {
      fake.faults.push(...faults.splice(0, 1));
      await driver.changeRecords(zone, changes);
    },
  };
  fake.records.create({ type: "A", name: source.name, content: source.content, ttl: 300 });
  fake.records.create({ type: "A", name: "other.example.com", content: source.content });
  const after = [target, record("new.example.com", "A", "192.0.2.9")];
  t.match(await applyRecords({ dns }, { ...wanted, after }), {
    deletes: [],
    edits: [target],
    creates: [{ name: "new.example.com" }],
  });
  t.equal(fake.requests.filter((one) => one.startsWith("POST")).length, 2);
  t.strictSame(
    fake.records
      .list()
      .map(({ name, content }) => `${name} ${content}`)
      .toSorted(),
    ["new.example.com 192.0.2.9", "other.example.com 192.0.2.1", "status.example.com 192.0.2.2"],
  );
});
