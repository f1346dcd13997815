import { readFile, writeFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import { loadSite } from "../../../lib/config/site.ts";
import type { Mistake, Place } from "./refused-failovers.ts";

const byApi = ({ source, target }: Place) => [
  "--source-node",
  source,
  "--target-node",
  target,
  "--dns",
  "api",
];

/** What is wrong with the names of a site whose static record points to the source. */
export const nameMistakes: Mistake[] = [
  {
    name: "a token that Cloudflare does not take",
    code: "DNS_DENIED",
    says: /CLOUDFLARE_API_TOKEN/,
    args: byApi,
    env: { CLOUDFLARE_API_TOKEN: "wrong-token" },
  },
  {
    name: "a zone that the token does not reach",
    code: "DNS_ZONE_UNKNOWN",
    says: /infra-k3s\.test/,
    args: byApi,
    prepare: async (place) =>
      await editList(place, (text) => text.replaceAll("infra-k3s.test", "example.com")),
  },
  {
    name: "a static record of a name that external-dns has",
    code: "DNS_OWNED_BY_OTHER",
    says: /external-dns/,
    args: byApi,
    prepare: async (place) =>
      await addRecord(place, { name: "shop.infra-k3s.test", type: "A", node: place.source }),
  },
  {
    name: "no passphrase for the state of tofu, which is the usual way",
    code: "TOFU_STATE_KEY",
    says: /--dns api/,
    args: ({ source, target }) => ["--source-node", source, "--target-node", target],
  },
  {
    name: "a CNAME and an address on one name",
    code: "DNS_CNAME_NOT_ALONE",
    args: byApi,
    prepare: async (place) =>
      await addRecord(place, { name: "www.infra-k3s.test", type: "CNAME", content: "x.test" }),
  },
];

/** Edits the site's list of static records; what it returns puts it back. */
async function editList(
  { paths }: Place,
  edit: (text: string) => string,
): Promise<() => Promise<unknown>> {
  const { dnsRecordsFile: file } = await loadSite({ site: paths.state, env: {} });
  const text = await readFile(file, "utf8");
  await writeFile(file, edit(text));
  return async () => await writeFile(file, text);
}

async function addRecord(
  place: Place,
  record: Readonly<Record<string, string>>,
): Promise<() => Promise<unknown>> {
  return await editList(place, (text) => {
    const list = parseDocument(text);
    list.addIn(["records"], record);
    return list.toString();
  });
}
