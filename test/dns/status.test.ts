import t from "tap";
import { renderDnsStatus } from "../../lib/dns/render-status.ts";
import type { Resolver } from "../../lib/dns/resolver.ts";
import { readDnsStatus } from "../../lib/dns/status.ts";
import { record } from "../support/dns-contract.ts";
import { createDns, memoryZone } from "../support/memory/dns.ts";

/** Answers each question with itself, but one name. */
const resolver: Resolver = {
  async resolve(name, type) {
    if (name === "silent.example.com") return { kind: "silent", says: "ETIMEOUT" };
    const answers = name === "unseen.example.com" ? [] : [`${name}/${type}`];
    return { kind: "answers", answers };
  },
};

const labels = "heritage=external-dns,external-dns/owner=infra-k3s";
const declared = {
  zone: memoryZone,
  records: [
    record("status.example.com", "A", "192.0.2.1", { ttlSeconds: 60 }),
    record("moved.example.com", "A", "192.0.2.1"),
    record("missing.example.com", "CNAME", "status.example.com"),
    record("www.example.com", "A", "192.0.2.1", { proxied: true, ttlSeconds: 1 }),
    record("twice.example.com", "A", "192.0.2.1"),
    record("more.example.com", "A", "192.0.2.1"),
  ],
};

function fill() {
  const dns = createDns();
  for (const one of [
    record("status.example.com", "A", "192.0.2.1"),
    record("moved.example.com", "A", "192.0.2.9"),
    record("www.example.com", "A", "192.0.2.1", { ttlSeconds: 1 }),
    record("twice.example.com", "A", "192.0.2.1"),
    record("a-twice.example.com", "TXT", `"${labels}"`),
    record("more.example.com", "A", "192.0.2.1"),
    record("more.example.com", "A", "192.0.2.5"),
    record("more.example.com", "AAAA", "2001:db8::5"),
    record("more.example.com", "TXT", '"a note"'),
    record("shop.example.com", "A", "192.0.2.2", { proxied: true, ttlSeconds: 1 }),
    record("shop.example.com", "A", "192.0.2.3", { proxied: true, ttlSeconds: 1 }),
    record("a-shop.example.com", "TXT", `"${labels},external-dns/resource=ingress/shop/shop"`),
    record("silent.example.com", "A", "192.0.2.4"),
    record("unseen.example.com", "A", "192.0.2.4"),
    record("*.example.com", "CNAME", "status.example.com"),
    record("example.com", "CAA", '0 issue "letsencrypt.org"'),
    record("example.com", "MX", "mail.example.com", { priority: 10 }),
    record("example.com", "TXT", `"${"x".repeat(60)}"`),
  ]) {
    dns.add(one);
  }
  return dns;
}

t.test("every name has its owner, its target, and what it resolves to", async (t) => {
  const status = await readDnsStatus({ dns: fill(), resolver }, declared);
  const find = (name: string) => status.names.find((one) => one.name === name);
  t.strictSame(find("shop.example.com"), {
    name: "shop.example.com",
    type: "A",
    owner: "external-dns",
    claim: { owner: "infra-k3s", resource: "ingress/shop/shop" },
    targets: ["192.0.2.2", "192.0.2.3"],
    ttlSeconds: 1,
    proxied: true,
    findings: [],
    resolves: { kind: "answers", answers: ["shop.example.com/A"] },
  });
  t.strictSame(find("missing.example.com"), {
    name: "missing.example.com",
    type: "CNAME",
    owner: "tofu",
    targets: [],
    proxied: false,
    findings: ["declared as status.example.com"],
    resolves: { kind: "answers", answers: ["missing.example.com/CNAME"] },
  });
  t.match(find("twice.example.com"), { owner: "both" });
  t.match(find("unseen.example.com"), { owner: "nobody", resolves: { answers: [] } });
  t.equal(find("*.example.com")?.resolves, undefined, "nobody can ask for a wildcard");
  t.equal(find("a-shop.example.com"), undefined, "the registry's texts are not listed");
  t.equal(status.findings, 7);
});

const expected = `NAME                 TYPE   OWNER                              TARGET                                          TTL  PROXIED  RESOLVES TO
*.example.com        CNAME  nobody                             status.example.com                            300 s  no       -
example.com          CAA    nobody                             0 issue "letsencrypt.org"                     300 s  no       -
example.com          MX     nobody                             10 mail.example.com                           300 s  no       example.com/MX
example.com          TXT    nobody                             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…  300 s  no       example.com/TXT
missing.example.com  CNAME  tofu                               -                                                 -  no       missing.example.com/CNAME
more.example.com     A      tofu                               192.0.2.1, 192.0.2.5                          300 s  no       more.example.com/A
more.example.com     AAAA   tofu                               2001:db8::5                                   300 s  no       more.example.com/AAAA
more.example.com     TXT    nobody                             "a note"                                      300 s  no       more.example.com/TXT
moved.example.com    A      tofu                               192.0.2.9                                     300 s  no       moved.example.com/A
shop.example.com     A      external-dns (infra-k3s)           192.0.2.2, 192.0.2.3                          auto   yes      shop.example.com/A
silent.example.com   A      nobody                             192.0.2.4                                     300 s  no       no answer (ETIMEOUT)
status.example.com   A      tofu                               192.0.2.1                                     300 s  no       status.example.com/A
twice.example.com    A      tofu and external-dns (infra-k3s)  192.0.2.1                                     300 s  no       twice.example.com/A
unseen.example.com   A      nobody                             192.0.2.4                                     300 s  no       nothing
www.example.com      A      tofu                               192.0.2.1                                     auto   no       www.example.com/A

Not as it should be:
missing.example.com CNAME: declared as status.example.com
more.example.com A: 192.0.2.5 is declared nowhere
more.example.com AAAA: 2001:db8::5 is declared nowhere
moved.example.com A: declared as 192.0.2.1
status.example.com A: declared with TTL 60 s
twice.example.com A: declared, and claimed by external-dns
www.example.com A: declared as proxied
`;

t.test("a person sees it in a table", async (t) => {
  const status = await readDnsStatus({ dns: fill(), resolver }, declared);
  t.equal(renderDnsStatus(status), expected);
  const dns = createDns();
  const empty = await readDnsStatus({ dns, resolver }, { zone: memoryZone, records: [] });
  t.match(renderDnsStatus(empty), /has no records, and none are declared/);
});
