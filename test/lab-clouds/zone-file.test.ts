import t from "tap";
import { createRecords } from "../../lab/clouds/cloudflare-records.ts";
import { proxyAddresses, renderText, renderZone } from "../../lab/clouds/zone-file.ts";

const zone = "example.com";

/** The lines of the zone that has these records, without those that every zone has. */
function render(...drafts: Record<string, unknown>[]): string[] {
  const store = createRecords(zone);
  for (const draft of drafts) store.create(draft);
  const text = renderZone({
    name: zone,
    nameServers: ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
    serial: 7,
    records: store.list(),
  });
  const [soa, ada, bob, ...lines] = text.trimEnd().split("\n");
  t.strictSame(
    [soa, ada, bob],
    [
      "example.com. 3600 IN SOA ada.ns.cloudflare.com. dns.cloudflare.com. 7 10000 2400 604800 1800",
      "example.com. 86400 IN NS ada.ns.cloudflare.com.",
      "example.com. 86400 IN NS bob.ns.cloudflare.com.",
    ],
  );
  return lines;
}

t.test("each type as a zone file has it; automatic is five minutes", async (t) => {
  const lines = render(
    { type: "A", name: "www", content: "192.0.2.1", ttl: 60 },
    { type: "AAAA", name: "www", content: "2001:DB8:0::1" },
    { type: "CNAME", name: "blog", content: "other.example", ttl: 120 },
    { type: "MX", name: "@", content: "mail.example.com", priority: 10 },
    { type: "NS", name: "sub", content: "ns.example.net" },
    { type: "TXT", name: "*.notes", content: "a text" },
  );
  t.strictSame(lines, [
    "www.example.com. 60 IN A 192.0.2.1",
    "www.example.com. 300 IN AAAA 2001:db8::1",
    "blog.example.com. 120 IN CNAME other.example.",
    "example.com. 300 IN MX 10 mail.example.com.",
    "sub.example.com. 300 IN NS ns.example.net.",
    '*.notes.example.com. 300 IN TXT "a text"',
  ]);
});

t.test("answers to one question are kept equally long, by the lowest TTL", async (t) => {
  const lines = render(
    { type: "A", name: "www", content: "192.0.2.1", ttl: 600 },
    { type: "A", name: "www", content: "192.0.2.2", ttl: 60 },
  );
  t.strictSame(lines, ["www.example.com. 60 IN A 192.0.2.1", "www.example.com. 60 IN A 192.0.2.2"]);
});

t.test("a proxied name has the proxy's addresses, once", async (t) => {
  const { A, AAAA } = proxyAddresses;
  const expected = [`www.example.com. 300 IN A ${A}`, `www.example.com. 300 IN AAAA ${AAAA}`];
  const addresses = ["198.51.100.1", "198.51.100.2"].map((content) => {
    return { type: "A", name: "www", content, proxied: true };
  });
  t.strictSame(render(...addresses), expected);
  t.strictSame(
    render({ type: "CNAME", name: "www", content: "other.example", proxied: true }),
    expected,
  );
});

t.test("what no zone can have is left out: beside a CNAME, and one at the top", async (t) => {
  const lines = render(
    { type: "TXT", name: "blog", content: "x" },
    { type: "CNAME", name: "blog", content: "other.example" },
    { type: "CNAME", name: "@", content: "other.example" },
    { type: "TXT", name: "@", content: "y" },
  );
  t.strictSame(lines, [
    "blog.example.com. 300 IN CNAME other.example.",
    'example.com. 300 IN TXT "y"',
  ]);
});

t.test("texts: strings of 255 bytes, and nothing that ends one early", async (t) => {
  t.equal(renderText('say "no" \\ ; ('), '"say \\"no\\" \\\\ ; ("');
  t.equal(renderText("ü\n"), '"\\195\\188\\010"');
  t.equal(renderText(""), '""');
  const [first, second, ...rest] = renderText("x".repeat(256)).split(" ");
  t.strictSame([first?.length, second, rest], [257, '"x"', []]);
  const given = '"one" "two \\"quoted\\""';
  t.strictSame(render({ type: "TXT", name: "t", content: given }), [
    't.example.com. 300 IN TXT "onetwo \\"quoted\\""',
  ]);
});
