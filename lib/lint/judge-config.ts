import type { JSONSchema } from "json-schema-to-ts";
import { listMistakes, parseValidYaml } from "../config/load-yaml.ts";
import { parseYamlDocuments } from "../config/parse-yaml.ts";
import { policySchema } from "../config/policy.schema.ts";
import { siteSchema } from "../config/site.schema.ts";
import { versionsSchema } from "../config/versions.schema.ts";
import { InfraError } from "../errors.ts";
import type { Claim, ConfigName } from "./claims.ts";
import type { SourceFile } from "./list-files.ts";
import type { Finding } from "./rule.ts";

const schemas: Readonly<Record<ConfigName, JSONSchema>> = {
  versions: versionsSchema,
  policy: policySchema,
  site: siteSchema,
};

export interface JudgedConfig {
  /** Undefined with a finding. */
  value: unknown;
  findings: Finding[];
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
