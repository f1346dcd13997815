import type { NewRecord, RecordList } from "../records.ts";
import type { World } from "../world.ts";
import { applyRecords } from "./apply-records.ts";
import { listPointing } from "./redirect.ts";

/**
 * Takes the static records that point to an address out of their zone, for a host that is cut off and
 * still serves and takes writes. Returns them: wanted beside the others of the list, `applyRecords` puts
 * them back. Throws as applyRecords does.
 */
export async function withdrawNode(
  world: Pick<World, "dns">,
  { zone, records }: RecordList,
  publicIp: string,
): Promise<NewRecord[]> {
  const own = listPointing(records, publicIp);
  await applyRecords(world, { zone, before: own, after: [] });
  return own;
}
