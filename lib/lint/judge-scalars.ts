import type { YamlSource } from "../config/parse-yaml.ts";
import type { SourceFile } from "./list-files.ts";
import { locateTextFault } from "./locate-finding.ts";
import type { Finding } from "./rule.ts";
import { findYaml11Faults, type OtherReader, yaml11Scalar } from "./rules/yaml11-scalar.ts";

/**
 * The findings for a file, with those for what `reader` reads differently from YAML 1.2 in front:
 * they come instead of what else is wrong at the same place, which follows from it.
 */
export function addScalarFindings(
  { file, text }: SourceFile,
  documents: readonly YamlSource[],
  reader: OtherReader,
  findings: readonly Finding[],
): Finding[] {
  const scalars = documents.flatMap((document) => document.listPlainScalars());
  const found = findYaml11Faults(scalars, reader).map((fault) =>
    locateTextFault(yaml11Scalar, file, text, fault),
  );
  const told = new Set(found.map(({ where }) => `${where.line}:${where.column}`));
  return [...found, ...findings.filter(({ where }) => !told.has(`${where.line}:${where.column}`))];
}
