import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { showPath } from "../config/paths.ts";
import type { Site } from "../config/site.ts";
import { loadRecords } from "../dns/load-records.ts";
import { redirectText } from "../dns/redirect-text.ts";
import { loadInventory } from "../inventory/load.ts";
import type { NewRecord, RecordList, Redirection, StaticRecords } from "../records.ts";
import { replaceFile } from "../secrets/files.ts";
import type { Stack, StackPlan } from "../stack.ts";
import { checkPlan } from "../tofu/check-plan.ts";

type ListPlace = Pick<Site, "dnsRecordsFile" | "inventoryFolder">;

/** Loads the site's list of static records. Throws as loadRecords and loadInventory do. */
export async function loadSiteRecords({
  dnsRecordsFile,
  inventoryFolder,
}: ListPlace): Promise<RecordList> {
  return await loadRecords(dnsRecordsFile, async () => {
    const hosts = await loadInventory(inventoryFolder);
    return new Map(hosts.map(({ name, publicIp }) => [name, publicIp]));
  });
}

/** The site's list of static records, and the stack that makes them. See StaticRecords for what it throws. */
export function connectStaticRecords(place: ListPlace, stack: Stack): StaticRecords {
  const { dnsRecordsFile: file } = place;

  /** A plan of what is to be, which the list says only afterwards. */
  async function plan(redirection: Redirection, open: readonly NewRecord[]): Promise<StackPlan> {
    const folder = await mkdtemp(path.join(tmpdir(), "infra-k3s-records-"));
    try {
      const wanted = path.join(folder, "records.yaml");
      await writeFile(wanted, await redirectText(await readFile(file, "utf8"), redirection));
      const plan = await stack.plan(wanted);
      const { from, to } = redirection;
      checkPlan(
        plan,
        open.map(({ name, type }) => ({ name, type, from: from.publicIp, to: to.publicIp })),
      );
      return plan;
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  return {
    file: showPath(file),
    async load() {
      return await loadSiteRecords(place);
    },
    async review(redirection, open) {
      await plan(redirection, open);
    },
    async apply(redirection, open) {
      await stack.apply(await plan(redirection, open));
    },
    async declare(redirection) {
      const text = await readFile(file, "utf8");
      const wanted = await redirectText(text, redirection);
      if (wanted !== text) await replaceFile(file, wanted);
    },
  };
}
