import t from "tap";
import { applyRecords } from "../../lib/dns/apply-records.ts";
import { withdrawNode } from "../../lib/dns/withdraw-node.ts";
import type { NewRecord } from "../../lib/records.ts";
import { createDns, memoryZone } from "../support/memory/dns.ts";

const cutOff = "192.0.2.1";

function address(name: string, content: string): NewRecord {
  return { name: `${name}.${memoryZone}`, type: "A", content, ttlSeconds: 60, proxied: false };
}

t.test("a host's static records are withdrawn, and put back as they were", async (t) => {
  const dns = createDns();
  const records = [address("www", cutOff), address("www", "192.0.2.2"), address("ftp", cutOff)];
  const list = { zone: memoryZone, records };
  for (const { name, content, ...rest } of records) {
    dns.add({ name, content, type: rest.type, ttlSeconds: rest.ttlSeconds, proxied: false });
  }
  dns.add(address("by-hand", cutOff));
  const read = async () =>
    (await dns.listRecords(memoryZone)).map(({ name, content }) => `${name} ${content}`).toSorted();
  const before = await read();

  const withdrawn = await withdrawNode({ dns }, list, cutOff);
  t.strictSame(await read(), [`by-hand.${memoryZone} ${cutOff}`, `www.${memoryZone} 192.0.2.2`]);
  t.strictSame(await withdrawNode({ dns }, list, cutOff), withdrawn, "again, it changes nothing");

  await applyRecords({ dns }, { zone: memoryZone, before: [], after: withdrawn, beside: records });
  t.strictSame(await read(), before);
});

t.test("a record that an external-dns claims is not withdrawn, nor is any other", async (t) => {
  const dns = createDns();
  const records = [address("www", cutOff), address("ftp", cutOff)];
  for (const record of records) dns.add(record);
  const content = '"heritage=external-dns,external-dns/owner=infra-k3s"';
  dns.add({ ...address("a-www", content), type: "TXT" });
  await t.rejects(withdrawNode({ dns }, { zone: memoryZone, records }, cutOff), {
    code: "DNS_OWNED_BY_OTHER",
  });
  t.equal((await dns.listRecords(memoryZone)).length, 3);
});
