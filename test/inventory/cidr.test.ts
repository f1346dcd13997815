import t from "tap";
import {
  type Cidr,
  contains,
  normalizeAddress,
  overlaps,
  parseCidr,
  renderNetwork,
} from "../../lib/inventory/cidr.ts";

function get(text: string): Cidr {
  const network = parseCidr(text);
  if (network === undefined) throw new Error(text);
  return network;
}

t.test("what is no network", (t) => {
  const texts = ["", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "::/129", "a/8", "/8"];
  for (const text of [...texts, "10.0.0.0/8 ", "10.0.0.0/-1", "10.0.0.0/8/8", "010.0.0.0/8"]) {
    t.equal(parseCidr(text), undefined, text);
  }
  t.end();
});

t.test("a network is written with its first address", (t) => {
  const cases = [
    ["10.42.7.1/16", "10.42.0.0/16", true],
    ["10.42.0.0/16", "10.42.0.0/16", false],
    ["255.255.255.255/0", "0.0.0.0/0", true],
    ["10.1.2.3/32", "10.1.2.3/32", false],
    ["2001:DB8:0:0::1/64", "2001:db8::/64", true],
    ["2001:0db8::/32", "2001:db8::/32", false],
    ["::/0", "::/0", false],
    ["1:2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7:8/128", false],
  ] as const;
  for (const [text, written, hasHostBits] of cases) {
    t.equal(renderNetwork(get(text)), written, text);
    t.equal(get(text).hasHostBits, hasHostBits, text);
  }
  t.end();
});

t.test("networks that overlap, and that do not", (t) => {
  const cases = [
    ["10.0.0.0/8", "10.42.0.0/16", true],
    ["10.42.0.0/16", "10.43.0.0/16", false],
    ["10.42.0.0/15", "10.43.0.0/16", true],
    ["0.0.0.0/0", "192.0.2.0/24", true],
    ["0.0.0.0/0", "::/0", false],
    ["fd00::/8", "fd7a:115c:a1e0::/48", true],
    ["fd00:1::/32", "fd00:2::/32", false],
  ] as const;
  for (const [a, b, expected] of cases) {
    t.equal(overlaps(get(a), get(b)), expected, `${a} ${b}`);
    t.equal(overlaps(get(b), get(a)), expected, `${b} ${a}`);
  }
  t.end();
});

t.test("addresses in a network and beside it", (t) => {
  const mesh = get("100.64.0.0/10");
  for (const inside of ["100.64.0.0", "100.127.255.255"]) t.ok(contains(mesh, inside), inside);
  for (const outside of ["100.63.255.255", "100.128.0.0", "::6440:1", "name", ""]) {
    t.notOk(contains(mesh, outside), outside);
  }
  t.ok(contains(get("fe80::/10"), "fe80::1%eth0"), "an interface is no part of an address");
  t.equal(normalizeAddress("FE80:0:0::1%eth0"), "fe80::1");
  t.equal(normalizeAddress("10.0.0.1"), "10.0.0.1");
  t.end();
});
