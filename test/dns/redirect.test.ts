import t from "tap";
import { redirectText } from "../../lib/dns/redirect-text.ts";
import { listOpen, planRedirection } from "../../lib/dns/redirect.ts";
import type { NewRecord, Redirection } from "../../lib/records.ts";

const from = { name: "vps-aws-1", publicIp: "192.0.2.1" };
const to = { name: "vps-vultr-1", publicIp: "192.0.2.2" };

function declare(name: string, content: string, more: Partial<NewRecord> = {}) {
  return { name, type: "A", content, ttlSeconds: 1, proxied: false, ...more };
}

function plan(records: NewRecord[]): Redirection {
  return planRedirection({ zone: "example.com", records }, { from, to }).redirection;
}

const text = `zone: example.com # ours
records:
  # The site.
  - name: WWW.example.com.
    type: A
    node: "vps-aws-1" # the edge
    ttl: 60
  - { name: ftp.example.com, type: A, content: 192.0.2.1 }
  - name: db.example.com
    type: A
    node: vps-hetzner-1
  - name: www.example.com
    type: TXT
    content: 192.0.2.1
`;

t.test("what names the host, and what has its address, is redirected in the text", async (t) => {
  const redirection = plan([
    declare("www.example.com", from.publicIp),
    declare("ftp.example.com", from.publicIp),
    declare("db.example.com", "192.0.2.3"),
    declare("www.example.com", from.publicIp, { type: "TXT" }),
  ]);
  t.strictSame(
    redirection.records.map(({ name, type }) => `${name} ${type}`),
    ["www.example.com A", "ftp.example.com A"],
  );
  const done = await redirectText(text, redirection);
  t.equal(
    done,
    text
      .replace('"vps-aws-1"', "vps-vultr-1")
      .replace("type: A, content: 192.0.2.1", "type: A, content: 192.0.2.2"),
    "all else is as it was",
  );
  t.equal(await redirectText(done, redirection), done, "a second time changes nothing");
});

t.test("records that came later are left alone", async (t) => {
  const redirection = plan([declare("ftp.example.com", from.publicIp)]);
  t.match(await redirectText(text, redirection), 'node: "vps-aws-1"');
});

t.test("a list without records is left as it is", async (t) => {
  const empty = "zone: example.com\nrecords: []\n";
  t.equal(await redirectText(empty, plan([])), empty);
});

t.test("open is what a zone does not have yet", async (t) => {
  const redirection = plan([declare("www.example.com", from.publicIp)]);
  const old = { ...declare("www.example.com", from.publicIp), id: "1" };
  const renewed = { ...declare("www.example.com", to.publicIp), id: "2" };
  t.equal(listOpen([renewed], redirection).length, 0);
  t.equal(listOpen([], redirection).length, 1);
  t.equal(listOpen([old, renewed], redirection).length, 1);
});

t.test("addresses of both families are looked at, in any spelling", async (t) => {
  const records = [declare("www.example.com", "2001:DB8:0::1", { type: "AAAA" })];
  const { redirection } = planRedirection(
    { zone: "example.com", records },
    { from: { name: "a", publicIp: "2001:db8::1" }, to: { name: "b", publicIp: "2001:db8::2" } },
  );
  t.equal(redirection.records.length, 1);
  const list =
    "zone: example.com\nrecords:\n  - { name: www.example.com, type: AAAA, content: '2001:DB8:0::1' }\n";
  t.match(await redirectText(list, redirection), "content: 2001:db8::2 }");
});

for (const [name, node] of [
  ["a text of several lines", "|-\n      vps-aws-1"],
  ["an anchor", "&edge vps-aws-1"],
] as const) {
  t.test(`${name} is left to a person`, async (t) => {
    const list = `zone: example.com\nrecords:\n  - name: ftp.example.com\n    type: A\n    node: ${node}\n    ttl: 60\n  - { name: x.example.com, type: A, content: *edge }\n`;
    const only = node.startsWith("&") ? list : list.replace(/ {2}- \{ name: x.*\n/, "");
    const redirection = plan([declare("ftp.example.com", from.publicIp)]);
    const done = redirectText(only, redirection);
    await t.rejects(done, { code: "DNS_LIST_FORM" });
  });
}
