import type { JSONSchema } from "json-schema-to-ts";
import { listMistakes, parseValidYaml } from "../config/load-yaml.ts";
import { parseYamlDocuments } from "../config/parse-yaml.ts";
import { policySchema } from "../config/policy.schema.ts";
import { siteSchema } from "../config/site.schema.ts";
import { versionsSchema } from "../config/versions.schema.ts";
import { InfraError } from "../errors.ts";
import { readPlain } from "../manifests/read-plain.ts";
import { createQuickCheck, type RawSchema } from "../schema/quick-check.ts";
import type { Claim, ConfigName } from "./claims.ts";
import { ignoreSchema } from "./ignore.schema.ts";
import type { SourceFile } from "./list-files.ts";
import type { Finding } from "./rule.ts";

const schemas: Readonly<Record<ConfigName, JSONSchema>> = {
  versions: versionsSchema,
  policy: policySchema,
  site: siteSchema,
  ignore: ignoreSchema,
};

export interface JudgedConfig {
  /** Undefined with a finding. */
  value: unknown;
  findings: Finding[];
}

/** The value of a file in which surely nothing is wrong; undefined when one has to look closer. */
export function judgeConfigQuickly(claim: Claim, { text }: SourceFile): unknown {
  if (claim.kind === "text" || claim.kind === "fixture" || claim.kind === "manifests") return null;
  if (claim.kind === "json") return undefined;
  const documents = readPlain(text);
  if (documents === undefined || claim.kind === "yaml") return documents;
  const [value] = documents;
  if (documents.length !== 1 || !isSurelyValid(claim.name, value)) return undefined;
  return value;
}

/** Whether a value keeps to the schema of one of our files, as far as that can be told fast. */
function isSurelyValid(name: ConfigName, value: unknown): boolean {
  return createQuickCheck(schemas[name] as RawSchema, failToResolve)(value);
}

function failToResolve(ref: string): RawSchema {
  throw new Error(`our own schemas have no references, and one has ${ref}`);
}

/** Judges a file that is no manifest: against its schema, or by its syntax alone. */
export async function judgeConfig(claim: Claim, source: SourceFile): Promise<JudgedConfig> {
  try {
    return { value: await readValue(claim, source), findings: [] };
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    return { value: undefined, findings: listMistakes(error).map(toConfigFinding) };
  }
}

/** An error of the readers of YAML as a finding. */
export function toConfigFinding(error: InfraError): Finding {
  const { code, message, where, why, fix } = error;
  return {
    rule: "config",
    code,
    message,
    where: where ?? { file: "." },
    ...(why === undefined ? {} : { why }),
    fix: fix ?? "Correct it",
  };
}

async function readValue(claim: Claim, { file, text }: SourceFile): Promise<unknown> {
  switch (claim.kind) {
    case "config":
      return (await parseValidYaml(text, file, schemas[claim.name])).value;
    case "yaml":
      return await parseYamlDocuments(text, file);
    case "json":
      return parseJson(file, text);
    default:
      return undefined;
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(message) ?? [];
    throw new InfraError({
      code: "CONFIG_SYNTAX",
      message: "this is not a JSON document",
      where: line === undefined ? { file } : { file, line: Number(line), column: Number(column) },
      why: message.replace(/[,:]? ?".*$/s, ""),
      fix: "Correct the line",
      cause,
    });
  }
}
