import { listMistakes, parseValidYaml } from "../config/load-yaml.ts";
import { parseYamlDocuments } from "../config/parse-yaml.ts";
import { InfraError } from "../errors.ts";
import type { Claim } from "./claims.ts";
import { hideUserInfo } from "../manifests/urls.ts";
import { addScalarFindings } from "./judge-scalars.ts";
import type { SourceFile } from "./list-files.ts";
import { ownSchemas } from "./own-files.ts";
import type { Finding } from "./rule.ts";
import { alias } from "./rules/alias.ts";
import { duplicateKey } from "./rules/duplicate-key.ts";
import { syntax } from "./rules/syntax.ts";
import type { OtherReader } from "./rules/yaml11-scalar.ts";

export interface JudgedConfig {
  /** Undefined with a finding. */
  value: unknown;
  findings: Finding[];
}

/** Judges a file that is no manifest: against its schema, or by its syntax alone. */
export async function judgeConfig(claim: Claim, source: SourceFile): Promise<JudgedConfig> {
  const { value, findings } = await judgeValue(claim, source);
  const reader = findOtherReader(claim);
  if (reader === undefined || findings.some(({ rule }) => rule !== "config")) {
    return { value, findings };
  }
  const documents = await parseYamlDocuments(source.text, source.file);
  const all = await addScalarFindings(source, documents, reader, findings);
  return { value: all.length === 0 ? value : undefined, findings: all };
}

async function judgeValue(claim: Claim, source: SourceFile): Promise<JudgedConfig> {
  try {
    return { value: await readValue(claim, source), findings: [] };
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    return { value: undefined, findings: listMistakes(error).map(toConfigFinding) };
  }
}

/** Who reads a file by YAML 1.1 too, apart from those whose own linters tell. */
function findOtherReader(claim: Claim): OtherReader | undefined {
  if (claim.kind === "config") return "Ansible";
  return claim.kind === "yaml" && claim.reader === "kustomize" ? "cluster" : undefined;
}

/** The rules whose pages tell what the readers of YAML refuse. */
const ruleOfCode: Readonly<Record<string, string>> = {
  CONFIG_SYNTAX: syntax.id,
  CONFIG_KEY_DUPLICATE: duplicateKey.id,
  CONFIG_ALIAS_INVALID: alias.id,
  FILE_TOO_DEEP: "file",
};

/** An error of the readers of YAML as a finding. */
export function toConfigFinding(error: InfraError): Finding {
  const { code, message, where, why, fix } = error;
  return {
    rule: ruleOfCode[code] ?? "config",
    code,
    message: hideUserInfo(message),
    where: where ?? { file: "." },
    ...(why === undefined ? {} : { why: hideUserInfo(why) }),
    fix: hideUserInfo(fix ?? "Correct it"),
  };
}

async function readValue(claim: Claim, { file, text }: SourceFile): Promise<unknown> {
  switch (claim.kind) {
    case "config":
      return (await parseValidYaml(text, file, ownSchemas[claim.name])).value;
    case "yaml":
      return (await parseYamlDocuments(text, file)).map(({ value }) => value);
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
