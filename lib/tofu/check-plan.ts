import { InfraError } from "../errors.ts";
import type { ResourceChange, StackPlan } from "../stack.ts";

/** A record that is to hold something else, in small letters and without a dot at the end. */
export interface ExpectedChange {
  name: string;
  type: string;
  from: string;
  to: string;
}

/** Something that a plan does although it was not expected, or does not do. */
export interface Surprise {
  /** In the plan; name and type of a record that it leaves alone. */
  address: string;
  says: string;
}

const recordType = "cloudflare_dns_record";

/** What Cloudflare itself writes down, and the provider knows only afterwards. */
const ownAttributes = [
  "comment_modified_on",
  "meta",
  "modified_on",
  "proxiable",
  "tags_modified_on",
];

/** Everything but the expected: each change of a plan is one of these, and each of these is one of its changes. */
export function findSurprises(
  { changes }: Pick<StackPlan, "changes">,
  expected: readonly ExpectedChange[],
): Surprise[] {
  const open = [...expected];
  const surprises = changes.flatMap((change): Surprise[] => {
    const says = explainChange(change, open);
    return says === undefined ? [] : [{ address: change.address, says }];
  });
  const missing = open.map(({ name, type, from, to }) => ({
    address: `${type} ${name}`,
    says: `it does not change from ${from} to ${to}`,
  }));
  return [...surprises, ...missing];
}

/** Throws TOFU_PLAN_SURPRISE unless a plan is exactly what is expected. */
export function checkPlan(
  plan: Pick<StackPlan, "changes">,
  expected: readonly ExpectedChange[],
): void {
  const surprises = findSurprises(plan, expected);
  if (surprises.length === 0) return;
  throw new InfraError({
    code: "TOFU_PLAN_SURPRISE",
    message: "the plan of tofu is not only what is to be changed; nothing was changed",
    why: surprises.map(({ address, says }) => `${address}: ${says}`).join("\n"),
    fix: "Look at it with tofu -chdir=tofu plan, and apply or take back what else is there first; then try again",
  });
}

/** Takes a change that is expected out of `open`; what is wrong with any other one. */
function explainChange(change: ResourceChange, open: ExpectedChange[]): string | undefined {
  const { type, previousAddress, imported, before, after } = change;
  if (previousAddress !== undefined) return `it comes from ${previousAddress}`;
  if (imported !== undefined) return "it is taken over from what is there";
  const done = nameActions(change.actions);
  if (done !== "is changed") return `it ${done}`;
  if (type !== recordType) return `it is changed, and is no record: ${listDifferences(change)}`;
  const index = open.findIndex(
    (one) =>
      normalize(before?.["name"]) === one.name &&
      before?.["type"] === one.type &&
      normalize(before["content"]) === one.from &&
      normalize(after?.["content"]) === one.to,
  );
  if (index === -1) return `it is not to be changed: ${listDifferences(change)}`;
  open.splice(index, 1);
  const others = listDifferences(change, "content");
  return others === "" ? undefined : `it is to be changed, but not in this: ${others}`;
}

function nameActions(actions: readonly string[]): string {
  if (actions.length > 1) return "is made anew";
  const names: Readonly<Record<string, string>> = {
    create: "is made",
    delete: "is removed",
    forget: "is forgotten, and stays without an owner",
    read: "is read only when the plan is carried out",
    update: "is changed",
  };
  const [action = "nothing"] = actions;
  return names[action] ?? `is to "${action}"`;
}

/** The attributes that become others, with their values. */
function listDifferences({ before, after, unknown }: ResourceChange, expected?: string): string {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {}), ...unknown]);
  return [...names]
    .filter((name) => name !== expected && !ownAttributes.includes(name))
    .filter((name) => unknown.includes(name) || show(before?.[name]) !== show(after?.[name]))
    .map((name) => {
      const to = unknown.includes(name) ? "what is not known yet" : show(after?.[name]);
      return `${name} ${show(before?.[name])} → ${to}`;
    })
    .join(", ");
}

function show(value: unknown): string {
  return JSON.stringify(value ?? null);
}

function normalize(value: unknown): string {
  return typeof value === "string" ? value.toLowerCase().replace(/\.$/, "") : "";
}
