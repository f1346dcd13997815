import type { Cloudflare } from "cloudflare";
import { openCloudflare } from "../cloudflare/open-cloudflare.ts";
import type { Site } from "../config/site.ts";
import { type ErrorDetails, InfraError } from "../errors.ts";
import type { NewRecord, ZoneRecord } from "../records.ts";
import type { Dns } from "../world.ts";
import { normalizeName } from "./names.ts";

/** The most zones that the API gives at once, and a number of records that one answer has room for. */
const pages = { zones: 50, records: 500 };

/** More names than these are no help to a person. */
const shownZones = 10;

/**
 * Codes of the API that say what stands at a name, or does not (developers.cloudflare.com/dns/
 * manage-dns-records/troubleshooting; cloudflare/terraform-provider-cloudflare#1247).
 */
const conflicts = { gone: 81044, blocked: [81053, 81054, 81055, 81056], identical: [81057, 81058] };

/** The zones at Cloudflare; the token is read when needed. See Dns for what it throws. */
export function connectDns(site: Pick<Site, "cloudflare">, env: NodeJS.ProcessEnv): Dns {
  const { ask } = openCloudflare("DNS", { endpoint: site.cloudflare, env });
  const ids = new Map<string, string>();

  async function getZoneId(name: string): Promise<string> {
    const zone = normalizeName(name);
    const known = ids.get(zone);
    if (known !== undefined) return known;
    const asked = { what: "list zones", permission: "Zone.Zone Read" };
    const found = await ask(asked, async (client) => await listZones(client, { name: zone }));
    if (found.length === 0) {
      const all = await ask(asked, async (client) => await listZones(client));
      throw unknownZone(
        zone,
        all.map((one) => one.name),
      );
    }
    const given = env["CLOUDFLARE_ZONE_ID"]?.trim();
    const [first, ...others] = found.filter(({ id }) => !given || id === given);
    if (first === undefined) throw otherZone(zone);
    if (others.length > 0) throw severalZones(zone, found.length);
    ids.set(zone, first.id);
    return first.id;
  }

  return {
    async listRecords(zone) {
      const id = await getZoneId(zone);
      const asked = { what: `read the records of ${zone}`, permission: "Zone.DNS Read" };
      return await ask(asked, async (client) => {
        const records: ZoneRecord[] = [];
        const list = client.dns.records.list({ zone_id: id, per_page: pages.records });
        for await (const record of list) records.push(readRecord(record));
        return records;
      });
    },
    async changeRecords(zone, { deletes, edits, creates }) {
      const id = await getZoneId(zone);
      const asked = {
        what: `change the records of ${zone}`,
        permission: "Zone.DNS Edit",
        explain: explainConflict,
      };
      await ask(asked, async (client) => {
        const changes = {
          deletes: omitEmpty(deletes.map((one) => ({ id: one.id }))),
          patches: omitEmpty(edits.map((one) => ({ ...describeRecord(one), id: one.id }))),
          posts: omitEmpty(creates.map(describeRecord)),
        };
        // Once: given blindly again, it could undo what somebody has changed in between.
        await client.dns.records.batch({ zone_id: id, ...changes }, { maxRetries: 0 });
      });
    },
  };
}

async function listZones(
  client: Cloudflare,
  filter: { name?: string } = {},
): Promise<{ id: string; name: string }[]> {
  const zones: { id: string; name: string }[] = [];
  for await (const { id, name } of client.zones.list({ ...filter, per_page: pages.zones })) {
    zones.push({ id, name });
  }
  return zones;
}

function readRecord(record: Cloudflare.DNS.RecordResponse): ZoneRecord {
  const { id, name, type, content = "", ttl, proxied = false } = record;
  const priority = "priority" in record ? record.priority : undefined;
  return {
    id,
    name: normalizeName(name),
    type,
    content,
    ttlSeconds: ttl,
    proxied,
    ...(priority === undefined ? {} : { priority }),
  };
}

/** As the API takes it. Throws DNS_TYPE_UNSUPPORTED. */
function describeRecord(record: NewRecord) {
  const { name, type, content, ttlSeconds: ttl, proxied, priority } = record;
  const shared = { name, content, ttl };
  switch (type) {
    case "A":
    case "AAAA":
    case "CNAME":
      return { ...shared, type, proxied };
    case "MX":
      return { ...shared, type, ...(priority === undefined ? {} : { priority }) };
    case "NS":
    case "TXT":
      return { ...shared, type };
    default:
      throw new InfraError({
        code: "DNS_TYPE_UNSUPPORTED",
        message: `a record of the type ${type} cannot be changed through the API`,
        fix: "Change it with tofu",
      });
  }
}

function omitEmpty<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function explainConflict(codes: readonly number[], why: string): ErrorDetails | undefined {
  const has = (known: readonly number[]) => codes.some((code) => known.includes(code));
  if (has(conflicts.blocked)) {
    return {
      code: "DNS_CONFLICT",
      message: "a name cannot have these records beside those that it has; nothing was changed",
      why,
      fix: "See who owns the name: zx scripts/dr/dns-status.ts",
    };
  }
  if (!has([conflicts.gone, ...conflicts.identical])) return undefined;
  return {
    code: "DNS_CONFLICT",
    message: "the records have changed since they were read; nothing was changed",
    why,
    fix: "Stop what else changes them, then try again",
  };
}

function unknownZone(zone: string, zones: readonly string[]): InfraError {
  const shown = zones.slice(0, shownZones).join(", ");
  const more = zones.length > shownZones ? `, and ${zones.length - shownZones} more` : "";
  return new InfraError({
    code: "DNS_ZONE_UNKNOWN",
    message: `CLOUDFLARE_API_TOKEN reaches no zone ${zone}`,
    why: zones.length === 0 ? "it reaches none at all" : `it reaches these: ${shown}${more}`,
    fix: "Correct the zone in the records, or let the token's zone resources include it",
  });
}

/** Of one in use and those that wait for its name servers, in other accounts. */
function severalZones(zone: string, count: number): InfraError {
  return new InfraError({
    code: "DNS_ZONE_UNKNOWN",
    message: `CLOUDFLARE_API_TOKEN reaches ${count} zones ${zone}`,
    why: "Several accounts can have a zone of that name, and resolvers see only one of them.",
    fix: "Export CLOUDFLARE_ZONE_ID, the id of the one that is Active on Cloudflare's page of it",
  });
}

function otherZone(zone: string): InfraError {
  return new InfraError({
    code: "DNS_ZONE_UNKNOWN",
    message: `CLOUDFLARE_ZONE_ID is not the id of ${zone}`,
    why: "The records would be looked for in one zone, and changed by others in another.",
    fix: `Export the id that Cloudflare shows on the page of ${zone}, or correct the zone in the records`,
  });
}
