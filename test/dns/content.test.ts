import t from "tap";
import { isSameRecord, normalizeContent } from "../../lib/dns/content.ts";
import { record } from "../support/dns-contract.ts";

t.test("contents have one spelling", async (t) => {
  const cases: [string, string, string][] = [
    ["A", " 192.0.2.1", "192.0.2.1"],
    ["AAAA", "2001:DB8:0:0::1", "2001:db8::1"],
    ["AAAA", "none", "none"],
    ["CNAME", "Shop.Example.com.", "shop.example.com"],
    ["MX", "MAIL.example.com.", "mail.example.com"],
    ["TXT", '"v=spf1 -all"', "v=spf1 -all"],
    ["TXT", "v=spf1 -all", "v=spf1 -all"],
    ["TXT", '"one "   "two"', "one two"],
    ["TXT", String.raw`"a \"quoted\" word"`, 'a "quoted" word'],
    ["TXT", 'half "quoted"', 'half "quoted"'],
    ["SRV", "5  5223\tserver.example.com", "5 5223 server.example.com"],
  ];
  for (const [type, content, normal] of cases) {
    t.equal(normalizeContent(type, content), normal, `${type} ${content}`);
  }
});

t.test("a record is the same whoever has written it", async (t) => {
  const one = record("Shop.example.com", "CNAME", "web.example.com.");
  t.ok(
    isSameRecord(one, record("shop.example.com.", "CNAME", "WEB.example.com", { ttlSeconds: 1 })),
  );
  t.notOk(isSameRecord(one, record("shop.example.com", "CNAME", "www.example.com")));
  t.notOk(isSameRecord(one, record("shop.example.com", "TXT", "web.example.com")));
  t.notOk(isSameRecord(one, record("web.example.com", "CNAME", "web.example.com")));
  const mail = record("example.com", "MX", "mail.example.com", { priority: 10 });
  t.notOk(isSameRecord(mail, { ...mail, priority: 20 }));
  t.ok(isSameRecord(mail, record("example.com", "MX", "mail.example.com")), "where it is not said");
});
