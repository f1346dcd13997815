import { planChanges } from "../dns/plan-changes.ts";
import { isOfOneFamily, listOpen, planRedirected, planRedirection } from "../dns/redirect.ts";
import { parseClaim } from "../dns/registry.ts";
import { describeBlocker, describeError, type ErrorDetails, InfraError } from "../errors.ts";
import type { RecordList, RecordTarget, Redirection, ZoneRecord } from "../records.ts";
import type { World } from "../world.ts";
import type { DnsWay } from "./dns-way.ts";
import type { PlannedNames } from "./plan.ts";

export interface NamesPlan {
  names?: PlannedNames;
  warnings: string[];
  blockers: ErrorDetails[];
}

/** As kubernetes/infrastructure/external-dns deploys it. */
const externalDns = {
  kind: "Deployment",
  name: "external-dns",
  namespace: "external-dns",
} as const;

/**
 * Plans what becomes of the names that point to the source, and has the way that was chosen tell in
 * advance what it would refuse. DNS is not asked where nothing names the source, nor when it is to be left alone.
 */
export async function planNames(
  world: World,
  { source, target }: { source: RecordTarget; target: RecordTarget },
  by: DnsWay,
): Promise<NamesPlan> {
  try {
    return await plan(world, { source, target }, by);
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    if (by === "none") {
      return {
        warnings: [`static names are not looked at: ${describeError(error)}`],
        blockers: [],
      };
    }
    return { warnings: [], blockers: [offerOtherWay(describeBlocker(error))] };
  }
}

async function plan(
  world: World,
  { source, target }: { source: RecordTarget; target: RecordTarget },
  by: DnsWay,
): Promise<NamesPlan> {
  const list = await world.staticRecords.load();
  const { redirection, shared } = planRedirection(list, { from: source, to: target });
  const warnings = shared.map((name) => warnOfShared(name, source, target));
  const hasStatic = redirection.records.length > 0;
  // A run that goes on may be given another way.
  const names = { by, zone: list.zone, redirection, awaited: [] };
  if (by === "none") return { names, warnings, blockers: [] };
  const hasApps = (await world.cluster.find(externalDns)) !== undefined;
  if (!hasStatic && !hasApps) return { warnings, blockers: [] };
  let found: ZoneRecord[];
  try {
    found = await world.dns.listRecords(list.zone);
  } catch (error) {
    // external-dns does its work whether or not it is looked after.
    if (hasStatic || !(error instanceof InfraError)) throw error;
    warnings.push(`the names of apps are not looked after: ${describeError(error)}`);
    return { warnings, blockers: [] };
  }
  const awaited = hasApps ? listAwaited(found, source.publicIp) : [];
  const blockers = hasStatic ? await review(world, { list, redirection, found }, by) : [];
  return {
    names: { ...names, awaited },
    warnings,
    blockers: blockers.map(offerOtherWay),
  };
}

/** Names that external-dns has made and that give out an address. */
function listAwaited(found: readonly ZoneRecord[], publicIp: string): string[] {
  const claimed = new Set(found.flatMap((one) => parseClaim(one)?.name ?? []));
  const pointing = found.filter(({ content, name }) => content === publicIp && claimed.has(name));
  return [...new Set(pointing.map(({ name }) => name))].toSorted();
}

interface Reviewed {
  list: RecordList;
  redirection: Redirection;
  found: readonly ZoneRecord[];
}

async function review(
  world: World,
  { list, redirection, found }: Reviewed,
  by: DnsWay,
): Promise<ErrorDetails[]> {
  if (!isOfOneFamily(redirection)) return [explainFamily(redirection)];
  const open = listOpen(found, redirection);
  if (by === "api") {
    return planChanges(found, planRedirected(list, { ...redirection, records: open })).blockers;
  }
  if (open.length > 0) await world.staticRecords.review(redirection, open);
  return [];
}

function explainFamily({ from, to, records }: Redirection): ErrorDetails {
  return {
    code: "DNS_NODE_ADDRESS",
    message: `${records.map(({ name }) => name).join(", ")} cannot point to ${to.name}`,
    why: `The public address of ${from.name} is ${from.publicIp}, and that of ${to.name} is ${to.publicIp}: they need records of different types.`,
    fix: "Change the records by hand afterwards",
  };
}

/** The API is a way out of what tofu itself refuses; of the rest it would refuse the same. */
function offerOtherWay(details: ErrorDetails): ErrorDetails {
  const api = details.code.startsWith("TOFU_") ? "go without tofu: --dns api; or " : "";
  return {
    ...details,
    fix: `${details.fix ?? "Correct it"}; or ${api}leave DNS alone in this run: --dns none`,
  };
}

function warnOfShared(name: string, source: RecordTarget, target: RecordTarget): string {
  return `${name} points to ${target.name} and to ${source.name}, and goes on doing so: take ${source.name} out of the list of records`;
}
