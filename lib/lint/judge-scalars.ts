import type { YamlSource } from "../config/parse-yaml.ts";
import type { SourceFile } from "./list-files.ts";
import { locateTextFault, mostOfRule } from "./locate-finding.ts";
import type { Finding } from "./rule.ts";
import {
  explainYaml11,
  listYaml11Scalars,
  type OtherReader,
  yaml11Scalar,
} from "./rules/yaml11-scalar.ts";
import { readNoPlace, type ReadPlace } from "./scalar-place.ts";

/**
 * The findings for a file, with those for what `reader` reads differently from YAML 1.2 in front:
 * they come instead of what else is wrong at the same place, which follows from it. `places` are
 * those of the documents, in their order.
 */
export async function addScalarFindings(
  { file, text }: SourceFile,
  documents: readonly YamlSource[],
  reader: OtherReader,
  findings: readonly Finding[],
  places: readonly ReadPlace[] = [],
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [index, document] of documents.entries()) {
    const left = mostOfRule + 1 - found.length;
    if (left === 0) break;
    const readPlace = places[index] ?? readNoPlace;
    const scalars = await listYaml11Scalars(document, reader, readPlace, left);
    for (const scalar of scalars) {
      found.push(locateTextFault(yaml11Scalar, file, text, explainYaml11(scalar, reader)));
    }
  }
  const told = new Set(found.map(({ where }) => `${where.line}:${where.column}`));
  return [...found, ...findings.filter(({ where }) => !told.has(`${where.line}:${where.column}`))];
}
