import { type Fields, getText } from "../../manifests/manifest.ts";
import type { DataPath } from "../../schema/explain.ts";
import { isFilledIn } from "../filled-in.ts";
import type { ObjectFault } from "../rule.ts";

/** A part of an object, its place, and the list that takes what is wrong with it. */
export interface Spot {
  at: DataPath;
  fields: Fields;
  faults: ObjectFault[];
}

/** Tells of a field that it has none of the values that the API server takes. */
export function checkOneOf(spot: Spot, key: string, allowed: readonly string[]): void {
  const value = spot.fields[key];
  // What is no text is told by the schema, and nothing stands for the default.
  if (typeof value !== "string" || value === "" || allowed.includes(value)) return;
  if (isFilledIn(value)) return;
  addRefused(spot, [key], {
    message: `"${value}" is no ${key}`,
    fix: `Write one of ${allowed.join(", ")}`,
  });
}

/** What stands in the way of a value: VALUE_REFUSED. */
export function addRefused(
  { at, faults }: Spot,
  path: DataPath,
  fault: Pick<ObjectFault, "message" | "why" | "fix">,
): void {
  faults.push({ code: "VALUE_REFUSED", at: [...at, ...path], part: "value", ...fault });
}

/** What has to be there and is not: VALUE_MISSING, told at the part that lacks it. */
export function addMissing(
  { at, faults }: Spot,
  path: DataPath,
  fault: Pick<ObjectFault, "message" | "why" | "fix">,
): void {
  faults.push({ code: "VALUE_MISSING", at: [...at, ...path], ...fault });
}

/** Tells of names in a list that stand there twice; `seen` are those that are taken already. */
export function checkTwice(
  list: readonly unknown[],
  key: string,
  { at, faults }: Pick<Spot, "at" | "faults">,
  what: string,
  seen: string[] = [],
): string[] {
  for (const [index, one] of list.entries()) {
    const name = getText(one, key);
    if (name === undefined) continue;
    if (seen.includes(name)) {
      faults.push({
        code: "PART_TWICE",
        at: [...at, String(index), key],
        part: "value",
        message: `a second ${what} is "${name}"`,
        fix: "Give it another one, or remove it",
      });
    } else seen.push(name);
  }
  return seen;
}
