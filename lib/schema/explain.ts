import type { ErrorObject } from "ajv";
import { findNearest } from "../cli/suggest.ts";
import { InfraError, type Place } from "../errors.ts";

/** Keys of maps and indexes of lists, from the top of a document. */
export type DataPath = string[];

/** Where a value, or the key it is under, stands in the file it came from. */
export type Locate = (path: DataPath, part: "key" | "value") => Place;

/** A longer list of known keys is no help. */
const mostKnownKeys = 20;

/** Of one document; each is looked for in the whole of it. */
const mostErrors = 200;

/** Turns what Ajv found into errors with a place and a way out, in the order of the file. */
export function explainErrors(errors: ErrorObject[], locate: Locate): InfraError[] {
  const misspelt = new Set(errors.map(nameMisspeltKey).filter((name) => name !== undefined));
  const explained = errors
    .slice(0, mostErrors)
    // What is wrong with a name is told once, where the name is refused.
    .filter((error) => error.propertyName === undefined)
    // The one mistake "pubic_ip" is both an unknown key and a missing one.
    .filter((error) => error.keyword !== "required" || !misspelt.has(nameMissingKey(error)))
    .map((error) => explainError(error, locate))
    .toSorted((a, b) => compare(a.where, b.where));
  return explained.filter(
    (error, index) => index === 0 || compare(error.where, explained[index - 1]?.where) !== 0,
  );
}

function explainError(error: ErrorObject, locate: Locate): InfraError {
  const path = readPath(error);
  switch (error.keyword) {
    case "additionalProperties":
      return explainUnknownKey(error, path, locate);
    case "propertyNames":
    case "required":
      return explainKey(error, path, locate);
    default:
      return explainValue(error, path, locate);
  }
}

function explainUnknownKey(error: ErrorObject, path: DataPath, locate: Locate): InfraError {
  const key = String(error.params["additionalProperty"]);
  const known = listKnownKeys(error);
  const nearest = findNearest(key, known);
  return new InfraError({
    code: "CONFIG_KEY_UNKNOWN",
    message: `unknown key "${key}"${path.length === 0 ? "" : ` in ${describePath(path)}`}`,
    where: locate([...path, key], "key"),
    ...(known.length === 0 || known.length > mostKnownKeys
      ? {}
      : { why: `known here: ${known.join(", ")}` }),
    fix: nearest === undefined ? "Remove it" : `Did you mean "${nearest}"?`,
  });
}

function explainKey(error: ErrorObject, path: DataPath, locate: Locate): InfraError {
  if (error.keyword === "propertyNames") {
    const key = String(error.params["propertyName"]);
    const names = error.parentSchema?.["propertyNames"] as { description?: string } | undefined;
    return new InfraError({
      code: "CONFIG_KEY_INVALID",
      message: `"${key}" is not ${names?.description ?? "a key that is allowed here"}`,
      where: locate([...path, key], "key"),
      fix: "Write another name",
    });
  }
  const key = String(error.params["missingProperty"]);
  const description = readDescription(readProperties(error)[key]);
  return new InfraError({
    code: "CONFIG_KEY_MISSING",
    message: `${path.length === 0 ? "the file" : describePath(path)} has no "${key}"`,
    where: locate(path, "key"),
    fix: `Add "${key}"${description === undefined ? "" : `: ${description}`}`,
  });
}

function explainValue(error: ErrorObject, path: DataPath, locate: Locate): InfraError {
  const name = path.length === 0 ? "the file" : describePath(path);
  const description = readDescription(error.parentSchema);
  const wanted = description === undefined ? "" : `Write ${description}`;
  const { problem, fix } = describeProblem(error);
  return new InfraError({
    code: "CONFIG_VALUE_INVALID",
    message: `${name} ${problem}`,
    where: locateValue(path, locate),
    fix: fix ?? (wanted === "" ? "Correct the value" : wanted),
  });
}

function describeProblem(error: ErrorObject): { problem: string; fix?: string } {
  const value: unknown = error.data;
  const shown = showValue(error);
  if (error.keyword === "type") {
    if (value === null || value === undefined) return { problem: "is empty" };
    const types = [error.params["type"]].flat().map(String);
    const fix = types.includes("string")
      ? "Put it in quotes"
      : isQuoted(value, types)
        ? "Take the quotes off"
        : types.includes("boolean") &&
            typeof value === "string" &&
            /^(yes|no|on|off|y|n)$/i.test(value)
          ? "Write true or false"
          : undefined;
    const wanted = types
      .filter((type) => type !== "null")
      .map(nameWanted)
      .join(" or ");
    const problem = `is a ${nameType(value)} and has to be ${wanted}`;
    return fix === undefined || typeof value === "object" ? { problem } : { problem, fix };
  }
  if (error.keyword === "enum") {
    const allowed = (error.params["allowedValues"] as unknown[]).map(String);
    const nearest = findNearest(String(value), allowed);
    return {
      problem: `${shown}has to be one of: ${allowed.join(", ")}`,
      ...(nearest === undefined ? {} : { fix: `Did you mean "${nearest}"?` }),
    };
  }
  if (error.keyword === "pattern") {
    return { problem: `${shown}is not ${readDescription(error.parentSchema) ?? "valid"}` };
  }
  return { problem: `${shown}${error.message ?? "is not valid"}` };
}

/** The value, to go before what is wrong with it; never one whose schema marks it as a secret. */
function showValue(error: ErrorObject): string {
  const value: unknown = error.data;
  if (error.parentSchema?.["writeOnly"] === true || typeof value === "object") return "";
  return `is ${JSON.stringify(value)}, which `;
}

function nameType(value: unknown): string {
  if (Array.isArray(value)) return "list";
  return typeof value === "object" ? "map" : typeof value;
}

/** As nameType does, and an integer is a number without a fraction. */
function nameWanted(type: string): string {
  if (type === "array") return "list";
  return type === "object" ? "map" : type;
}

/** Where a value is, or its key: a list or a map may begin on a line below. */
function locateValue(path: DataPath, locate: Locate): Place {
  const value = locate(path, "value");
  const key = locate(path, "key");
  return value.line === key.line ? value : key;
}

/** Whether a text would be of the right type without its quotes. */
function isQuoted(value: unknown, types: readonly string[]): boolean {
  if (typeof value !== "string") return false;
  if (types.includes("boolean")) return /^(true|false)$/.test(value);
  return /^-?\d+$/.test(value) && types.some((type) => type === "integer" || type === "number");
}

/** The last two parts say enough, `vps-aws-1.public_ip`, unless the first of them is an index. */
function describePath(path: DataPath): string {
  const isIndex = /^\d+$/.test(path.at(-2) ?? "");
  return path.slice(isIndex ? -3 : -2).join(".");
}

/** `instancePath` is a JSON pointer (RFC 6901). */
function readPath(error: ErrorObject): DataPath {
  const parts = error.instancePath.split("/").slice(1);
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function listKnownKeys(error: ErrorObject): string[] {
  return Object.keys(readProperties(error));
}

function readProperties(error: ErrorObject): Record<string, unknown> {
  return (error.parentSchema?.["properties"] ?? {}) as Record<string, unknown>;
}

function readDescription(schema: unknown): string | undefined {
  return (schema as { description?: string } | undefined)?.description;
}

function nameMissingKey(error: ErrorObject): string {
  return `${error.instancePath}/${String(error.params["missingProperty"])}`;
}

/** The known key that an unknown one stands for, with its place in the document. */
function nameMisspeltKey(error: ErrorObject): string | undefined {
  if (error.keyword !== "additionalProperties") return undefined;
  const nearest = findNearest(String(error.params["additionalProperty"]), listKnownKeys(error));
  return nearest === undefined ? undefined : `${error.instancePath}/${nearest}`;
}

function compare(a: Place | undefined, b: Place | undefined): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}
