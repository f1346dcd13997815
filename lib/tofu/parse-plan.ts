import { exitCodes, InfraError } from "../errors.ts";
import type { ResourceChange } from "../stack.ts";

/**
 * The part of `tofu show -json` of a saved plan that is read here
 * (https://opentofu.org/docs/internals/json-format/). What is secret stands in there in clear.
 */
interface ShownPlan {
  format_version?: string;
  errored?: boolean;
  resource_changes?: ShownResource[];
  output_changes?: Record<string, ShownChange>;
}

interface ShownResource {
  address: string;
  previous_address?: string;
  type: string;
  change: ShownChange;
}

interface ShownChange {
  actions: string[];
  before?: unknown;
  after?: unknown;
  after_unknown?: unknown;
  before_sensitive?: unknown;
  after_sensitive?: unknown;
  importing?: { id?: string };
}

/**
 * What a plan changes, out of `tofu show -json`; what stays as and where it is is left out. What was
 * changed behind tofu's back is in there as what tofu does about it. Throws TOFU_FAILED for a plan that
 * cannot be read, or that has failed.
 */
export function parsePlan(text: string): ResourceChange[] {
  const plan = parseJson(text);
  if (plan.errored === true) throw unreadable("the planning of it has failed");
  const [major] = (plan.format_version ?? "none").split(".");
  if (major !== "1") throw unreadable(`its format is ${plan.format_version ?? "not told"}`);
  return [
    ...(plan.resource_changes ?? []).map(readResource),
    ...Object.entries(plan.output_changes ?? {}).map(readOutput),
  ].filter(isChange);
}

function parseJson(text: string): ShownPlan {
  try {
    return JSON.parse(text) as ShownPlan;
  } catch {
    // Without the words of the parser, which quotes what it has read.
    throw unreadable("what tofu shows of it is no JSON");
  }
}

function unreadable(why: string): InfraError {
  return new InfraError({
    code: "TOFU_FAILED",
    message: "the plan of tofu cannot be read; nothing was changed",
    why,
    fix: "See what it says: tofu -chdir=tofu plan",
    exitCode: exitCodes.failed,
  });
}

function readResource({ address, previous_address, type, change }: ShownResource): ResourceChange {
  const { importing } = change;
  return {
    address,
    ...(previous_address === undefined ? {} : { previousAddress: previous_address }),
    ...(importing === undefined ? {} : { imported: importing.id ?? "" }),
    type,
    actions: change.actions,
    before: readAttributes(change.before, change.before_sensitive),
    after: readAttributes(change.after, change.after_sensitive),
    unknown: listKnownLater(change.after_unknown),
  };
}

function readOutput([name, change]: [string, ShownChange]): ResourceChange {
  const wrap = (value: unknown, sensitive: unknown) =>
    value === undefined || value === null || sensitive === true ? undefined : { value };
  return {
    address: `output.${name}`,
    type: "output",
    actions: change.actions,
    before: wrap(change.before, change.before_sensitive),
    after: wrap(change.after, change.after_sensitive),
    unknown: change.after_unknown === true ? ["value"] : [],
  };
}

function readAttributes(value: unknown, sensitive: unknown): Record<string, unknown> | undefined {
  if (!isObject(value) || sensitive === true) return undefined;
  const secret = isObject(sensitive) ? sensitive : {};
  return Object.fromEntries(Object.entries(value).filter(([name]) => !hasTrue(secret[name])));
}

function listKnownLater(unknown: unknown): string[] {
  if (!isObject(unknown)) return [];
  return Object.keys(unknown).filter((name) => hasTrue(unknown[name]));
}

/** These are shaped like the value that they are about, with true for every part that is meant. */
function hasTrue(value: unknown): boolean {
  return value === true || (typeof value === "object" && Object.values(value ?? {}).some(hasTrue));
}

function isChange({ actions, previousAddress, imported }: ResourceChange): boolean {
  const stays = actions.every((action) => action === "no-op");
  return !stays || previousAddress !== undefined || imported !== undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
