import { parseYamlDocuments, type YamlSource } from "../config/parse-yaml.ts";
import { InfraError } from "../errors.ts";
import { listManifests, type Manifest } from "../manifests/manifest.ts";
import type { Locate } from "../schema/explain.ts";
import { toConfigFinding } from "./judge-config-closely.ts";
import type { JudgedFile, ManifestJudge } from "./judge-manifests.ts";
import { addScalarFindings } from "./judge-scalars.ts";
import type { SourceFile } from "./list-files.ts";
import { locateObjectFault } from "./locate-finding.ts";
import type { Finding } from "./rule.ts";
import { createPlaceReaders } from "./scalar-place.ts";

/** What is wrong with an object; `documents` are those of the file that it is from. */
export async function judgeObject(
  manifest: Manifest,
  documents: readonly YamlSource[],
  judge: ManifestJudge,
  withRules: boolean,
): Promise<Finding[]> {
  const locate: Locate = (path, part) =>
    documents[manifest.document]?.locate([...manifest.at, ...path], part) ?? {
      file: manifest.file,
    };
  const errors = await judge.explain(manifest, locate);
  const faults = withRules ? judge.findFaults(manifest) : [];
  return [
    ...errors.map((error) => ({ ...toConfigFinding(error), rule: "schema" })),
    ...faults.map(([rule, fault]) => locateObjectFault(rule, manifest, fault, documents)),
  ];
}

/** The objects of a file, and what is wrong with them or with the file. */
export async function judgeClosely(
  source: SourceFile,
  judge: ManifestJudge,
  withRules: boolean,
): Promise<JudgedFile> {
  const { file, text } = source;
  const documents = await readDocuments(file, text);
  if (documents instanceof InfraError) {
    return { manifests: [], findings: [toConfigFinding(documents)] };
  }
  const manifests = listManifests(
    file,
    documents.map(({ value }) => value),
  );
  const findings: Finding[] = [];
  for (const manifest of manifests) {
    findings.push(...(await judgeObject(manifest, documents, judge, withRules)));
  }
  const places = createPlaceReaders(documents, manifests, judge);
  const all = await addScalarFindings(source, documents, "cluster", findings, places);
  return { manifests, findings: all };
}

/** The documents of a text, or why it has none. */
export async function readDocuments(
  file: string,
  text: string,
): Promise<YamlSource[] | InfraError> {
  try {
    return await parseYamlDocuments(text, file);
  } catch (error) {
    if (error instanceof InfraError) return error;
    throw error;
  }
}
