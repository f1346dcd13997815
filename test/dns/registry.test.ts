import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { findClaim, parseClaim } from "../../lib/dns/registry.ts";
import { record } from "../support/dns-contract.ts";

/** A text as external-dns v0.23 writes it (endpoint/labels.go, SerializePlain). */
function claim(name: string, owner = "infra-k3s"): ReturnType<typeof parseClaim> {
  const labels = `heritage=external-dns,external-dns/owner=${owner},external-dns/resource=ingress/shop/shop`;
  return parseClaim({ ...record(name, "TXT", `"${labels}"`), id: name });
}

t.test("texts of the registry say whose a record is", async (t) => {
  const rest = { owner: "infra-k3s", resource: "ingress/shop/shop" };
  t.strictSame(claim("a-shop.example.com"), { name: "shop.example.com", type: "A", ...rest });
  t.strictSame(claim("cname-a-b.example.com"), { name: "a-b.example.com", type: "CNAME", ...rest });
  t.strictSame(claim("aaaa-*.example.com"), { name: "*.example.com", type: "AAAA", ...rest });
  const old = { name: "my-shop.example.com", type: undefined, ...rest };
  t.strictSame(claim("my-shop.example.com"), old, "without the type, as before v0.12");
});

t.test("other texts say nothing", async (t) => {
  for (const content of [
    '"v=spf1 -all"',
    '"heritage=somebody,external-dns/owner=x"',
    "external-dns/owner=x",
  ]) {
    t.equal(parseClaim({ ...record("a-x.example.com", "TXT", content), id: "1" }), undefined);
  }
  const cname = record("a-x.example.com", "CNAME", "heritage=external-dns");
  t.equal(parseClaim({ ...cname, id: "1" }), undefined);
});

t.test("a claim is on the addresses of a name, or on what it names", async (t) => {
  const claims = ["a-shop.example.com", "txt-shop.example.com", "my-shop.example.com"].flatMap(
    (name) => claim(name, name) ?? [],
  );
  const find = (name: string, type: string) => findClaim(claims, { name, type })?.owner;
  t.equal(find("shop.example.com", "A"), "a-shop.example.com");
  t.equal(find("shop.example.com", "AAAA"), "a-shop.example.com", "a name has one owner");
  t.equal(find("shop.example.com", "CNAME"), "a-shop.example.com");
  t.equal(find("shop.example.com", "TXT"), "txt-shop.example.com");
  t.equal(find("shop.example.com", "MX"), undefined);
  t.equal(find("my-shop.example.com", "MX"), "my-shop.example.com");
  t.equal(find("example.com", "A"), undefined);
});

t.test("external-dns names its texts as they are read here", async (t) => {
  const file = path.join(repositoryRoot, "kubernetes/infrastructure/external-dns/settings.yaml");
  const settings = readFileSync(file, "utf8");
  t.match(settings, "--registry=txt");
  t.match(settings, "--txt-owner-id=infra-k3s");
  t.notMatch(settings, /--txt-(prefix|suffix|wildcard-replacement|encrypt|format)/);
});
