import { isIP } from "node:net";
import { loadYaml, throwAll } from "../config/load-yaml.ts";
import { showPath } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import type { NewRecord, RecordList } from "../records.ts";
import { findRecordFaults } from "./check-records.ts";
import { normalizeRecord } from "./content.ts";
import { normalizeName } from "./names.ts";
import { type DnsRecord, recordsSchema } from "./records.schema.ts";

/** Public addresses of the hosts of an inventory, by their names. */
export type Addresses = ReadonlyMap<string, string>;

const familyOf: Readonly<Record<string, number>> = { A: 4, AAAA: 6 };

/**
 * Loads the static records; `loadAddresses` is only called when one names a node. Throws what loadYaml
 * throws, DNS_* for what findRecordFaults finds, DNS_NODE_UNKNOWN, DNS_NODE_ADDRESS, and what
 * `loadAddresses` throws.
 */
export async function loadRecords(
  file: string,
  loadAddresses: () => Promise<Addresses>,
): Promise<RecordList> {
  const { value, locate } = await loadYaml(
    file,
    recordsSchema,
    "Declare the zone and its static records there:\nzone: example.com\nrecords: []",
  );
  const faults = findRecordFaults(value).map(
    ({ index, key, ...fault }) =>
      new InfraError({ ...fault, where: locate(["records", String(index), key], "value") }),
  );
  throwAll(showPath(file), faults);
  const usesNodes = value.records.some(({ node }) => node !== undefined);
  const addresses = usesNodes ? await loadAddresses() : new Map<string, string>();
  const records = value.records.map((record, index): NewRecord => {
    const fault = explainNode(record, addresses);
    if (fault !== undefined) {
      throw new InfraError({
        ...fault,
        where: locate(["records", String(index), "node"], "value"),
      });
    }
    const { name, type, content, node = "", proxied = false, ttl = 1, priority } = record;
    return normalizeRecord({
      name,
      type,
      content: content ?? addresses.get(node) ?? "",
      ttlSeconds: ttl,
      proxied,
      ...(priority === undefined ? {} : { priority }),
    });
  });
  return { zone: normalizeName(value.zone), records };
}

function explainNode(
  { name, type, node }: DnsRecord,
  addresses: Addresses,
): { code: string; message: string; why?: string; fix: string } | undefined {
  if (node === undefined) return undefined;
  const address = addresses.get(node);
  if (address === undefined) {
    return {
      code: "DNS_NODE_UNKNOWN",
      message: `the record ${name} points to "${node}", which is no host of the inventory`,
      fix: `Name one of these: ${[...addresses.keys()].join(", ")}`,
    };
  }
  if (isIP(address) === familyOf[type]) return undefined;
  return {
    code: "DNS_NODE_ADDRESS",
    message: `a record of the type ${type} cannot point to ${node}`,
    why: `Its public address is ${address}.`,
    fix: `Make it a record of the type ${type === "A" ? "AAAA" : "A"}, or write content`,
  };
}
