import { hasCode, InfraError } from "../errors.ts";
import type { RecordChanges } from "../records.ts";
import type { World } from "../world.ts";
import { isDone, planChanges, type WantedRecords } from "./plan-changes.ts";

/** How often an order is given, each time after a look at the zone. */
const mostTries = 3;

/** After these another look tells whether the order is still to be given. */
const passing = ["DNS_CONFLICT", "DNS_UNREACHABLE", "DNS_LIMITED"];

/**
 * Brings a zone's records from `before` to `after`, all or none, and returns what was changed; again, it
 * changes nothing. Throws DNS_OWNED_BY_OTHER, DNS_CNAME_NOT_ALONE, DNS_TYPE_UNSUPPORTED and
 * DNS_OUTSIDE_ZONE with nothing changed, DNS_BLOCKED for several of these, and what Dns throws.
 */
export async function applyRecords(
  { dns }: Pick<World, "dns">,
  wanted: WantedRecords,
): Promise<RecordChanges> {
  let sent: RecordChanges = { deletes: [], edits: [], creates: [] };
  for (let tries = 1; ; tries += 1) {
    const { blockers, ...changes } = planChanges(await dns.listRecords(wanted.zone), wanted);
    throwBlockers(blockers.map((blocker) => new InfraError(blocker)));
    // An order whose answer was lost may be found done here.
    if (isDone(changes)) return sent;
    sent = changes;
    try {
      await dns.changeRecords(wanted.zone, changes);
      return sent;
    } catch (error) {
      if (!hasCode(error, ...passing) || tries === mostTries) throw error;
    }
  }
}

function throwBlockers(blockers: readonly InfraError[]): void {
  const [first] = blockers;
  if (first === undefined) return;
  if (blockers.length === 1) throw first;
  throw new InfraError({
    code: "DNS_BLOCKED",
    message: `${blockers.length} records cannot be changed; nothing was changed`,
    why: blockers.map(({ message, fix }) => `${message} (${fix})`).join("\n"),
    fix: "Settle them all, then try again",
    cause: new AggregateError(blockers),
  });
}
