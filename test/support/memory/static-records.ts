import { applyRecords } from "../../../lib/dns/apply-records.ts";
import { isSameRecord } from "../../../lib/dns/content.ts";
import { InfraError } from "../../../lib/errors.ts";
import type { NewRecord, RecordList, Redirection, StaticRecords } from "../../../lib/records.ts";
import { type MemoryDns, memoryZone } from "./dns.ts";

/** The list of static records in memory, and a tofu that makes it so. */
export interface MemoryRecords extends StaticRecords {
  list: RecordList;
  /** Set to let tofu fail with this code. */
  fault: string | undefined;
  /** Done before tofu changes a record, one after the other. */
  meanwhile: ((record: NewRecord) => void) | undefined;
}

function fail(code: string): never {
  throw new InfraError({ code, message: "tofu failed", fix: "Mend it", exitCode: 4 });
}

export function createStaticRecords(dns: MemoryDns): MemoryRecords {
  /** The whole list counts for tofu, and not only what a caller thinks of. */
  async function review(redirection: Redirection, open: readonly NewRecord[]): Promise<void> {
    if (records.fault !== undefined) fail(records.fault);
    const { from, to, records: moved } = redirection;
    const wanted = records.list.records.map((one) =>
      one.content === from.publicIp && moved.some(({ name }) => name === one.name)
        ? { ...one, content: to.publicIp }
        : one,
    );
    const found = await dns.listRecords(records.list.zone);
    const changes = wanted.filter((one) => !found.some((other) => isSameRecord(one, other)));
    const names = [changes, open].map((list) =>
      list
        .map(({ name }) => name)
        .toSorted()
        .join(),
    );
    if (names[0] !== names[1]) fail("TOFU_PLAN_SURPRISE");
  }

  const records: MemoryRecords = {
    file: "config/dns/records.yaml",
    list: { zone: memoryZone, records: [] },
    fault: undefined,
    meanwhile: undefined,
    async load() {
      return structuredClone(records.list);
    },
    review,
    async apply(redirection, open) {
      await review(redirection, open);
      for (const record of open) {
        records.meanwhile?.(record);
        const after = [{ ...record, content: redirection.to.publicIp }];
        const { zone, records: beside } = records.list;
        await applyRecords({ dns }, { zone, before: [record], after, beside });
      }
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
