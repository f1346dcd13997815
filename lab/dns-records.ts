import type { DnsRecords } from "../lib/dns/records.schema.ts";
import type { Draft } from "./clouds/cloudflare-records.ts";
import { labZone } from "./clouds/settings.ts";
import { labHosts } from "./host-list.ts";

/** The static records of the lab's zone, as config/dns/records.yaml has those of production. */
export const labRecords = {
  zone: labZone,
  // It points to the host that a drill loses.
  records: [{ name: `www.${labZone}`, type: "A", node: "vps-aws-1", ttl: 60 }],
} satisfies DnsRecords;

/** The same as Cloudflare has them once tofu has been run. */
export function planLabRecords(): Draft[] {
  return labRecords.records.map(({ node, ...record }) => {
    const host = labHosts.find(({ name }) => name === node);
    if (host === undefined) throw new Error(`${node} is not a host of the lab`);
    return { ...record, content: host.address };
  });
}

/** What resolvers ask for: the static name, and the one that external-dns makes of the shop's Service. */
export const labNames: readonly string[] = [
  ...labRecords.records.map(({ name }) => name),
  `shop.${labZone}`,
];
