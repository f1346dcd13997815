import { type Fields, getAt, getFields } from "../../manifests/manifest.ts";
import { findQuantity } from "../../manifests/quantity.ts";
import { isFilledIn } from "../filled-in.ts";
import { addMissing, addRefused, type Spot } from "./faults.ts";

/** What a container may ask for without the prefix of a vendor (pkg/apis/core/helper). */
const standard = /^(?:cpu|memory|ephemeral-storage|hugepages-.+)$/;
/** Kubernetes' own can be lent; of the others one has exactly what the limit says. */
const native = /^[^/]+$|kubernetes\.io\//;
/** For what floating point makes of 700m and 0.7. */
const tolerance = 1 + 1e-9;

/** Requests and limits of a container or a pod (pkg/apis/core/validation: validateResourceRequirements). */
export function checkResources({ at, fields, faults }: Spot): void {
  const { requests, limits } = getFields(fields, "resources");
  const spot = { at: [...at, "resources"], fields, faults };
  checkNames(spot, "limits", limits);
  checkNames(spot, "requests", requests);
  const wanted = getFields({ requests }, "requests");
  for (const name in wanted) {
    const limit = getAt(limits, name);
    const [asked, most] = [toNumber(wanted[name]), toNumber(limit)];
    if (limit === undefined && !native.test(name)) {
      addMissing(spot, ["requests", name], {
        message: `${name} has a request and no limit`,
        why: "what Kubernetes does not know cannot be shared",
        fix: "Write the same number as its limit; the request is then not needed",
      });
    }
    if (asked === undefined || most === undefined || asked <= most * tolerance) continue;
    faults.push({
      code: "REQUEST_ABOVE_LIMIT",
      at: [...spot.at, "requests", name],
      part: "value",
      message: `the request of ${name}, ${String(wanted[name])}, is above its limit, ${String(limit)}`,
      fix: "Raise the limit, or lower the request",
    });
  }
}

/** One quantity, at a path below a part. */
export function checkQuantity(spot: Spot, ...path: [string, ...string[]]): void {
  const value = getAt(spot.fields, ...path);
  if (isQuantity(value)) return;
  const text = String(value);
  const number = findQuantity(text);
  spot.faults.push({
    code: "QUANTITY_INVALID",
    at: [...spot.at, ...path],
    part: "value",
    message: `"${text}" is no quantity`,
    why:
      number === undefined
        ? "it is a number, and behind it perhaps m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei, without a space"
        : "it is below 0",
    fix: number === undefined ? suggest(text) : "Write how much is wanted",
  });
}

function checkNames(spot: Spot, part: "requests" | "limits", amounts: unknown): void {
  for (const name in getFields({ amounts }, "amounts")) {
    const isKnown = name.includes("/") || standard.test(name) || isFilledIn(name);
    if (!isKnown) {
      addRefused(spot, [part, name], {
        message: `"${name}" is nothing that a container can ask for`,
        fix: "Write cpu, memory or ephemeral-storage; what a device plugin brings has a prefix and a slash",
      });
    }
    const inner = { ...spot, fields: amounts as Fields, at: [...spot.at, part] };
    if (!isQuantity(inner.fields[name])) checkQuantity(inner, name);
  }
}

/** Whether a value is a quantity of 0 or more, or nothing that is judged here. */
function isQuantity(value: unknown): boolean {
  if (typeof value === "number") return value >= 0;
  if (typeof value !== "string") return true;
  return (findQuantity(value) ?? -1) >= 0 || isFilledIn(value);
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" ? findQuantity(value) : undefined;
}

/** `512MB` is written by many who mean `512M` or `512Mi`. */
function suggest(text: string): string {
  const [, number, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([kmgtp])i?(?:b|bytes)?$/i.exec(text) ?? [];
  return number === undefined
    ? "Write such a quantity"
    : `Write ${number}${unit.toUpperCase()}i, if that is meant`;
}
