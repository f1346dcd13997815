import type { JSONSchema } from "json-schema-to-ts";
import { readPlain } from "../manifests/read-plain.ts";
import { createQuickCheck, type RawSchema } from "../schema/quick-check.ts";
import type { Claim } from "./claims.ts";
import type { SourceFile } from "./list-files.ts";

/** The value of a file in which surely nothing is wrong; undefined when one has to look closer. */
export async function judgeConfigQuickly(claim: Claim, { text }: SourceFile): Promise<unknown> {
  if (claim.kind === "json") return undefined;
  if (claim.kind !== "config" && claim.kind !== "yaml") return null;
  const documents = readPlain(text);
  if (documents === undefined || claim.kind === "yaml") return documents;
  const [value] = documents;
  if (documents.length !== 1) return undefined;
  const { ownSchemas } = await import("./own-files.ts");
  return isSurelyValid(ownSchemas[claim.name], value) ? value : undefined;
}

/** Whether a value keeps to a schema of ours, as far as that can be told fast. */
export function isSurelyValid(schema: JSONSchema, value: unknown): boolean {
  return createQuickCheck(schema as RawSchema, failToResolve)(value);
}

function failToResolve(ref: string): RawSchema {
  throw new Error(`our own schemas have no references, and one has ${ref}`);
}
