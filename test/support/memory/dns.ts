import { InfraError } from "../../../lib/errors.ts";
import type { NewRecord, ZoneRecord } from "../../../lib/records.ts";
import type { Dns } from "../../../lib/world.ts";

/** Zones in memory, which keep a name from having what Cloudflare would not let it have. */
export interface MemoryDns extends Dns {
  /** By name; there is one. */
  readonly zones: Map<string, ZoneRecord[]>;
  /** Set to fail every call with this code. */
  fault: string | undefined;
  /** Set to let the next change be carried out, and its answer get lost. */
  losesAnswer: boolean;
  /** Done before the next change: what somebody else does meanwhile. */
  meanwhile: (() => void) | undefined;
  /** Puts a record in as it is. */
  add(record: NewRecord): ZoneRecord;
}

export const memoryZone = "example.com";

export function createDns(): MemoryDns {
  const zones = new Map<string, ZoneRecord[]>([[memoryZone, []]]);
  let ids = 0;

  function fail(code: string): never {
    throw new InfraError({ code, message: "the provider of DNS failed", exitCode: 4 });
  }

  function getZone(zone: string): ZoneRecord[] {
    if (dns.fault !== undefined) fail(dns.fault);
    return zones.get(zone) ?? fail("DNS_ZONE_UNKNOWN");
  }

  const dns: MemoryDns = {
    zones,
    fault: undefined,
    losesAnswer: false,
    meanwhile: undefined,
    add(record) {
      ids += 1;
      const added = { ...record, id: `record-${ids}` };
      getZone(memoryZone).push(added);
      return added;
    },
    async listRecords(zone) {
      return getZone(zone).map((record) => ({ ...record }));
    },
    async changeRecords(zone, { deletes, edits, creates }) {
      const { meanwhile } = dns;
      dns.meanwhile = undefined;
      meanwhile?.();
      const old = getZone(zone);
      for (const { id } of [...deletes, ...edits]) {
        if (!old.some((one) => one.id === id)) fail("DNS_CONFLICT");
      }
      const gone = new Set([...deletes, ...edits].map(({ id }) => id));
      const records = old.filter(({ id }) => !gone.has(id));
      const added = [...edits, ...creates.map((record) => ({ ...record, id: `record-${++ids}` }))];
      for (const record of added) {
        if (records.some((one) => isInTheWay(one, record))) fail("DNS_CONFLICT");
        records.push(record);
      }
      zones.set(zone, records);
      if (dns.losesAnswer) {
        dns.losesAnswer = false;
        fail("DNS_UNREACHABLE");
      }
    },
  };
  return dns;
}

function isInTheWay(one: ZoneRecord, other: ZoneRecord): boolean {
  if (one.name !== other.name) return false;
  const types = [one.type, other.type];
  const areAddresses = types.every((type) => ["A", "AAAA", "CNAME"].includes(type));
  if (areAddresses && types.includes("CNAME")) return true;
  return one.type === other.type && one.content === other.content;
}
