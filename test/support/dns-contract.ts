import type { Test } from "tap";
import type { NewRecord, ZoneRecord } from "../../lib/records.ts";
import type { Dns } from "../../lib/world.ts";

/** A record with the usual rest. */
export function record(
  name: string,
  type: string,
  content: string,
  more: Partial<NewRecord> = {},
): NewRecord {
  return { name, type, content, ttlSeconds: 300, proxied: false, ...more };
}

const none = { deletes: [], edits: [], creates: [] };

/** What every Dns has to do with the empty zone example.com, be it in memory or behind an API. */
export async function checkDns(t: Test, open: (t: Test) => Promise<Dns>): Promise<void> {
  const zone = "example.com";

  async function fill(
    t: Test,
    ...creates: NewRecord[]
  ): Promise<{
    dns: Dns;
    get: (index: number) => Promise<ZoneRecord>;
    list: () => Promise<string[]>;
  }> {
    const dns = await open(t);
    await dns.changeRecords(zone, { ...none, creates });
    return {
      dns,
      async get(index) {
        const found = (await dns.listRecords(zone))[index];
        if (found === undefined) throw new Error(`there is no record ${index}`);
        return found;
      },
      list: async () =>
        (await dns.listRecords(zone))
          .map(({ name, type, content }) => `${name} ${type} ${content}`)
          .toSorted(),
    };
  }

  await t.test("records are made, changed and deleted in one go", async (t) => {
    const { dns, get, list } = await fill(
      t,
      record("a.example.com", "A", "192.0.2.1"),
      record("b.example.com", "A", "192.0.2.2"),
    );
    const [a, b] = [await get(0), await get(1)];
    t.match(a, record("a.example.com", "A", "192.0.2.1"));
    await dns.changeRecords(zone, {
      deletes: [a],
      edits: [{ ...b, content: "192.0.2.20", ttlSeconds: 60 }],
      creates: [record("a.example.com", "CNAME", "b.example.com")],
    });
    t.strictSame(await list(), ["a.example.com CNAME b.example.com", "b.example.com A 192.0.2.20"]);
    const changed = (await dns.listRecords(zone)).find(({ id }) => id === b.id);
    t.strictSame(changed?.ttlSeconds, 60, "it is the same record");
  });

  const refused: { name: string; creates?: NewRecord[]; isGone?: boolean }[] = [
    { name: "an address beside a CNAME", creates: [record("c.example.com", "A", "192.0.2.9")] },
    { name: "a CNAME beside an address", creates: [record("a.example.com", "CNAME", "x.test")] },
    { name: "the same record twice", creates: [record("a.example.com", "A", "192.0.2.1")] },
    { name: "a record that is gone", isGone: true },
  ];
  for (const { name, creates = [], isGone = false } of refused) {
    await t.test(`all or none: ${name}`, async (t) => {
      const { dns, get, list } = await fill(
        t,
        record("a.example.com", "A", "192.0.2.1"),
        record("b.example.com", "A", "192.0.2.2"),
        record("c.example.com", "CNAME", "b.example.com"),
      );
      const [a, b] = [await get(0), await get(1)];
      const before = await list();
      const gone = { ...a, id: "0".repeat(32) };
      await t.rejects(
        dns.changeRecords(zone, { deletes: [b], edits: isGone ? [gone] : [], creates }),
        { code: "DNS_CONFLICT" },
      );
      t.strictSame(await list(), before, "nothing was changed");
    });
  }

  await t.test("another zone is unknown", async (t) => {
    const dns = await open(t);
    await t.rejects(dns.listRecords("example.org"), { code: "DNS_ZONE_UNKNOWN" });
    await t.rejects(dns.changeRecords("example.org", none), { code: "DNS_ZONE_UNKNOWN" });
  });
}
