import { addressTypes, findRecordFaults } from "../../dns/check-records.ts";
import { normalizeName } from "../../dns/names.ts";
import { type DnsRecord, type DnsRecords, recordsFile } from "../../dns/records.schema.ts";
import { type Hostname, hostnameKinds, listHostnames } from "../../manifests/hostnames.ts";
import { describeKind } from "../../manifests/manifest.ts";
import { chartKinds } from "../chart-claims.ts";
import type { Repository, RepositoryFault, RepositoryRule } from "../rule.ts";

const installers = [...chartKinds, "apps/Deployment"];

export const dnsOwner: RepositoryRule = {
  id: "dns-owner",
  codes: [
    "DNS_OWNED_TWICE",
    "DNS_RECORD_TWICE",
    "DNS_CNAME_NOT_ALONE",
    "DNS_OUTSIDE_ZONE",
    "DNS_TARGET",
    "DNS_PRIORITY",
  ],
  scope: "repository",
  summary: "a DNS name has one owner: tofu, or external-dns",
  why: "config/dns/records.yaml is what tofu makes; names of Ingresses, routes and Services belong to external-dns. Where both own a name, each `tofu apply` and each round of external-dns undoes the other's record, and in a failover the name points to the host that is gone. A name is one name whatever its letters' case, and with or without a dot at its end.",
  example: {
    bad: "# config/dns/records.yaml has shop.example.com as well\nkind: Ingress\nspec:\n  rules:\n    - host: shop.example.com",
    good: "# config/dns/records.yaml has status.example.com only\nkind: Ingress\nspec:\n  rules:\n    - host: shop.example.com",
  },
  kinds: hostnameKinds,
  find(repository) {
    const file = repository.read(recordsFile) as DnsRecords | undefined;
    if (file === undefined) return [];
    return [...checkRecords(file), ...checkObjects(file, repository)];
  },
};

function checkRecords(file: DnsRecords): RepositoryFault[] {
  return findRecordFaults(file).map(({ index, key, ...fault }) => ({
    file: recordsFile,
    at: ["records", String(index), key],
    part: "value",
    ...fault,
  }));
}

function checkObjects({ records }: DnsRecords, { manifests }: Repository): RepositoryFault[] {
  const owned = Map.groupBy(records, ({ name }) => normalizeName(name));
  const isInstalled = manifests.some(
    (one) => one.name.includes("external-dns") && installers.includes(describeKind(one)),
  );
  return manifests.flatMap((manifest) =>
    listHostnames(manifest).flatMap((hostname): RepositoryFault[] => {
      if (!hostname.isExplicit && !isInstalled) return [];
      const record = owned
        .get(normalizeName(hostname.name))
        ?.find((one) => isMadeToo(one, hostname));
      if (record === undefined) return [];
      return [
        {
          code: "DNS_OWNED_TWICE",
          manifest,
          at: hostname.at,
          part: "value",
          message: `"${hostname.name}" is owned by external-dns here, and by tofu in ${recordsFile}`,
          why: `There it is a record of the type ${record.type}. Each of them sets the name to what it knows, and a failover moves only one of them.`,
          fix: `Remove the record from ${recordsFile}, or set the annotation external-dns.kubernetes.io/controller: none here`,
        },
      ];
    }),
  );
}

/** Whether external-dns makes a record that this one stands in the way of. */
function isMadeToo({ type }: DnsRecord, { type: made = "A" }: Hostname): boolean {
  if (made === type || [made, type].includes("CNAME")) return true;
  return [made, type].every((one) => addressTypes.includes(one));
}
