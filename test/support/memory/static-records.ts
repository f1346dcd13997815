import { applyRecords } from "../../../lib/dns/apply-records.ts";
import { planRedirected } from "../../../lib/dns/redirect.ts";
import { InfraError } from "../../../lib/errors.ts";
import type { RecordList, Redirection, StaticRecords } from "../../../lib/records.ts";
import { type MemoryDns, memoryZone } from "./dns.ts";

/** The list of static records in memory, and a tofu that makes it so. */
export interface MemoryRecords extends StaticRecords {
  list: RecordList;
  /** Set to let tofu fail with this code. */
  fault: string | undefined;
}

export function createStaticRecords(dns: MemoryDns): MemoryRecords {
  async function review(): Promise<void> {
    if (records.fault === undefined) return;
    throw new InfraError({ code: records.fault, message: "tofu failed", fix: "Mend it" });
  }

  const records: MemoryRecords = {
    file: "config/dns/records.yaml",
    list: { zone: memoryZone, records: [] },
    fault: undefined,
    async load() {
      return structuredClone(records.list);
    },
    review,
    async apply(redirection: Redirection) {
      await review();
      await applyRecords({ dns }, planRedirected(records.list, redirection));
    },
    async declare({ from, to, records: moved }: Redirection) {
      for (const record of records.list.records) {
        if (!moved.some(({ name }) => name === record.name)) continue;
        if (record.content === from.publicIp) record.content = to.publicIp;
      }
    },
  };
  return records;
}
