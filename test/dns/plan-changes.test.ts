import t from "tap";
import { isDone, planChanges } from "../../lib/dns/plan-changes.ts";
import type { NewRecord, ZoneRecord } from "../../lib/records.ts";
import { record } from "../support/dns-contract.ts";

function number(records: NewRecord[]): ZoneRecord[] {
  return records.map((one, index) => ({ ...one, id: `id-${index}` }));
}

function plan(found: NewRecord[], before: NewRecord[], after: NewRecord[]) {
  return planChanges(number(found), { zone: "example.com", before, after });
}

const source = record("status.example.com", "A", "192.0.2.1", { ttlSeconds: 60 });
const target = { ...source, content: "192.0.2.2" };
const nothing = { deletes: [], edits: [], creates: [], blockers: [] };

/** The text that external-dns writes beside a record of its own. */
function claim(name: string): NewRecord {
  const labels =
    "heritage=external-dns,external-dns/owner=infra-k3s,external-dns/resource=service/a/b";
  return record(name, "TXT", `"${labels}"`);
}

t.test("a record that points elsewhere is changed, and stays the same record", async (t) => {
  t.strictSame(plan([source], [source], [target]), {
    ...nothing,
    edits: [{ ...target, id: "id-0" }],
  });
  t.strictSame(plan([target], [source], [target]), nothing, "again, nothing");
  t.ok(isDone(plan([target], [source], [target])));
  t.strictSame(plan([], [source], [target]), { ...nothing, creates: [target] }, "it was gone");
  t.strictSame(
    plan([source], [source], [{ ...source, ttlSeconds: 300 }]).edits,
    [{ ...source, ttlSeconds: 300, id: "id-0" }],
    "the TTL alone",
  );
  t.strictSame(plan([source], [source], [{ ...source, proxied: true, ttlSeconds: 1 }]).edits, [
    { ...source, proxied: true, ttlSeconds: 1, id: "id-0" },
  ]);
});

t.test("what only the zone knows of a record stays", async (t) => {
  const mail = record("example.com", "MX", "mail.example.com", { priority: 10 });
  const { priority: _priority, ...declared } = { ...mail, ttlSeconds: 600 };
  t.strictSame(plan([mail], [declared], [declared]).edits, [
    { ...mail, ttlSeconds: 600, id: "id-0" },
  ]);
  const text = record("example.com", "TXT", '"v=spf1 -all"');
  const bare = { ...text, content: "v=spf1 -all", ttlSeconds: 600 };
  t.match(plan([text], [bare], [bare]).edits, [{ content: text.content, ttlSeconds: 600 }]);
});

t.test("a declared record is taken as a zone would list it", async (t) => {
  const loud = { ...source, name: "Status.EXAMPLE.com." };
  t.strictSame(plan([source], [loud], [loud]), nothing);
  t.strictSame(plan([], [], [loud]).creates, [source]);
  const proxied = { ...source, proxied: true, ttlSeconds: 1 };
  t.strictSame(plan([proxied], [], [{ ...proxied, ttlSeconds: 300 }]), nothing);
});

t.test("what goes, goes", async (t) => {
  t.strictSame(plan([source], [source], []), { ...nothing, deletes: number([source]) });
  t.strictSame(plan([], [source], []), nothing);
  const alias = record("status.example.com", "CNAME", "web.example.com");
  t.strictSame(
    plan([source], [source], [alias]),
    { ...nothing, deletes: number([source]), creates: [alias] },
    "another type is another record",
  );
  const second = { ...source, content: "192.0.2.3" };
  t.strictSame(
    plan([source, second], [source, second], [second]),
    { ...nothing, deletes: [{ ...source, id: "id-0" }] },
    "one of two addresses",
  );
});

t.test("nobody else's record is touched, whatever its name", async (t) => {
  const spf = record("example.com", "TXT", "v=spf1 -all");
  const others = [
    record("example.com", "TXT", '"somebody-verifies=1"'),
    record("status.example.com", "TXT", '"a note"'),
    record("status.example.com", "MX", "mail.example.com", { priority: 1 }),
    record("other.example.com", "A", "192.0.2.1"),
  ];
  t.strictSame(plan([...others, source], [source], [target, spf]), {
    ...nothing,
    edits: [{ ...target, id: "id-4" }],
    creates: [spf],
  });
});

interface Blocked {
  name: string;
  found: NewRecord[];
  before?: NewRecord[];
  after: NewRecord[];
  code: string;
  says: RegExp;
}

const blocked: Blocked[] = [
  {
    name: "external-dns has made it",
    found: [source, claim("a-status.example.com")],
    before: [source],
    after: [target],
    code: "DNS_OWNED_BY_OTHER",
    says: /belongs to external-dns, owner "infra-k3s".*service\/a\/b/s,
  },
  {
    name: "external-dns has made it, and it is to go",
    found: [source, claim("a-status.example.com")],
    before: [source],
    after: [],
    code: "DNS_OWNED_BY_OTHER",
    says: /belongs to external-dns/,
  },
  {
    name: "external-dns has the name, which is declared in capital letters",
    found: [claim("a-status.example.com")],
    after: [{ ...source, name: "STATUS.example.com" }],
    code: "DNS_OWNED_BY_OTHER",
    says: /belongs to external-dns/,
  },
  {
    name: "external-dns has the name for an alias",
    found: [claim("cname-status.example.com")],
    after: [target],
    code: "DNS_OWNED_BY_OTHER",
    says: /the A record status\.example\.com belongs to external-dns/,
  },
  {
    name: "somebody has given the name another address",
    found: [{ ...source, content: "198.51.100.7" }],
    before: [source],
    after: [target],
    code: "DNS_OWNED_BY_OTHER",
    says: /declared nowhere: A 198\.51\.100\.7/,
  },
  {
    name: "somebody has given the name a long address",
    found: [record("status.example.com", "AAAA", "2001:db8::7")],
    after: [target],
    code: "DNS_OWNED_BY_OTHER",
    says: /AAAA 2001:db8::7/,
  },
  {
    name: "an address where a CNAME is",
    found: [record("status.example.com", "CNAME", "web.example.com")],
    after: [target],
    code: "DNS_CNAME_NOT_ALONE",
    says: /CNAME web\.example\.com.*RFC 1034/s,
  },
  {
    name: "a CNAME where an address is",
    found: [source],
    after: [record("status.example.com", "CNAME", "web.example.com")],
    code: "DNS_CNAME_NOT_ALONE",
    says: /A 192\.0\.2\.1/,
  },
  {
    name: "a type of more than its content",
    found: [],
    after: [record("_x._tcp.example.com", "SRV", "5 5223 x.example.com", { priority: 1 })],
    code: "DNS_TYPE_UNSUPPORTED",
    says: /only be changed by tofu/,
  },
  {
    name: "a name of another zone",
    found: [],
    after: [record("status.example.org", "A", "192.0.2.1")],
    code: "DNS_OUTSIDE_ZONE",
    says: /makes status\.example\.org\.example\.com/,
  },
];

for (const { name, found, before = [], after, code, says } of blocked) {
  t.test(`blocked: ${name}`, async (t) => {
    const { blockers } = plan(found, before, after);
    t.match(blockers, [{ code, fix: /\w/ }]);
    t.equal(blockers.length, 1);
    t.match(`${blockers[0]?.message} ${blockers[0]?.why}`, says);
  });
}
