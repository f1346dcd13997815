import t from "tap";
import { canResolve, connectResolver } from "../../lib/dns/resolver.ts";
import { startFakeDnsServer } from "../support/fake-dns-server.ts";

t.test("records of each type are asked for at the given resolver", async (t) => {
  const server = await startFakeDnsServer(t, {
    "a.example.com": ["A 192.0.2.2", "A 192.0.2.1", "AAAA 2001:0db8:0000:0000:0000:0000:0000:0001"],
    "b.example.com": ["CNAME a.example.com"],
    "example.com": ["MX 10 mail.example.com", "TXT v=spf1 -all", "NS ns.example.org"],
  });
  const resolver = await connectResolver(server);
  const cases: [string, string, string[]][] = [
    ["a.example.com", "A", ["192.0.2.1", "192.0.2.2"]],
    ["a.example.com", "AAAA", ["2001:db8::1"]],
    ["b.example.com", "CNAME", ["a.example.com"]],
    ["example.com", "MX", ["10 mail.example.com"]],
    ["example.com", "TXT", ["v=spf1 -all"]],
    ["example.com", "NS", ["ns.example.org"]],
    ["example.com", "A", []],
    ["none.example.com", "A", []],
  ];
  for (const [name, type, answers] of cases) {
    t.strictSame(
      await resolver.resolve(name, type),
      { kind: "answers", answers },
      `${name} ${type}`,
    );
  }
  t.notOk(canResolve("CAA"));
  t.ok(canResolve("TXT"));
});

t.test("that nobody answers is no answer", async (t) => {
  const server = await startFakeDnsServer(t, {
    "a.example.com": "refuse",
    "b.example.com": "hang",
  });
  const resolver = await connectResolver(server, 0.2);
  t.strictSame(await resolver.resolve("a.example.com", "A"), { kind: "silent", says: "EREFUSED" });
  t.strictSame(await resolver.resolve("b.example.com", "A"), { kind: "silent", says: "ETIMEOUT" });
});

t.test("a resolver is an address", async (t) => {
  for (const server of ["resolver.example.com", "1.1.1", "", "1.1.1.1:x"]) {
    await t.rejects(connectResolver(server), { code: "DNS_RESOLVER_INVALID", fix: /1\.1\.1\.1/ });
  }
  for (const server of ["1.1.1.1", "[2001:db8::53]:5353", "2001:db8::53"]) {
    await t.resolves(connectResolver(server), server);
  }
});
