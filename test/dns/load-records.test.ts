import path from "node:path";
import t, { type Test } from "tap";
import { loadRecords } from "../../lib/dns/load-records.ts";
import { record } from "../support/dns-contract.ts";

const addresses = new Map([
  ["vps-1", "192.0.2.1"],
  ["vps-2", "2001:db8::2"],
]);

async function load(t: Test, text: string) {
  const file = path.join(t.testdir({ "records.yaml": text }), "records.yaml");
  return await loadRecords(file, async () => addresses);
}

t.test("records have whole names, defaults, and addresses for nodes", async (t) => {
  const { zone, records } = await load(
    t,
    `zone: Example.com.
records:
  - { name: status.example.com, type: A, node: vps-1, ttl: 60 }
  - { name: status.example.com, type: AAAA, node: vps-2 }
  - { name: WWW.example.com., type: CNAME, content: status.example.com, proxied: true, ttl: 300 }
  - { name: example.com, type: MX, content: mail.example.com, priority: 10 }
`,
  );
  t.equal(zone, "example.com");
  t.strictSame(records, [
    record("status.example.com", "A", "192.0.2.1", { ttlSeconds: 60 }),
    record("status.example.com", "AAAA", "2001:db8::2", { ttlSeconds: 1 }),
    record("www.example.com", "CNAME", "status.example.com", { ttlSeconds: 1, proxied: true }),
    record("example.com", "MX", "mail.example.com", { ttlSeconds: 1, priority: 10 }),
  ]);
});

t.test("the inventory is only asked for when a record names a node", async (t) => {
  const text =
    "zone: example.com\nrecords: [{ name: a.example.com, type: A, content: 192.0.2.1 }]\n";
  const file = path.join(t.testdir({ "records.yaml": text }), "records.yaml");
  const { records } = await loadRecords(file, async () => {
    throw new Error("it was asked for");
  });
  t.equal(records.length, 1);
});

const mistakes = [
  {
    name: "a node that is none",
    records: "[{ name: a.example.com, type: A, node: vps-3 }]",
    error: { code: "DNS_NODE_UNKNOWN", fix: "Name one of these: vps-1, vps-2" },
  },
  {
    name: "a node without such an address",
    records: "[{ name: a.example.com, type: AAAA, node: vps-1 }]",
    error: { code: "DNS_NODE_ADDRESS", why: /192\.0\.2\.1/, fix: /type A,/ },
  },
  {
    name: "a name of another zone",
    records: "[{ name: a.example.org, type: A, node: vps-1 }]",
    error: { code: "DNS_OUTSIDE_ZONE" },
  },
  {
    name: "an address and a CNAME",
    records:
      "[{ name: a.example.com, type: A, node: vps-1 }, { name: a.example.com, type: CNAME, content: b.example.com }]",
    error: { code: "DNS_CNAME_NOT_ALONE" },
  },
];

for (const { name, records, error } of mistakes) {
  t.test(`refused: ${name}`, async (t) => {
    const where = { line: 2, file: /records\.yaml$/ };
    await t.rejects(load(t, `zone: example.com\nrecords: ${records}\n`), { ...error, where });
  });
}

t.test("without a file it is said how to make one", async (t) => {
  await t.rejects(
    loadRecords(path.join(t.testdir({}), "none.yaml"), async () => addresses),
    {
      code: "CONFIG_FILE_MISSING",
      fix: /zone: example\.com\nrecords: \[\]/,
    },
  );
});
