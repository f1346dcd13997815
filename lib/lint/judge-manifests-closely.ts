import { parseYamlDocuments, type YamlSource } from "../config/parse-yaml.ts";
import { InfraError } from "../errors.ts";
import { listManifests, listStrays, type Manifest } from "../manifests/manifest.ts";
import type { DataPath, Locate } from "../schema/explain.ts";
import { toConfigFinding } from "./judge-config-closely.ts";
import {
  isNamed,
  type JudgedFile,
  type JudgingWay,
  type ManifestJudge,
  markParts,
} from "./judge-manifests.ts";
import { addScalarFindings } from "./judge-scalars.ts";
import type { SourceFile } from "./list-files.ts";
import { locateObjectFault, mostOfRule, toFinding } from "./locate-finding.ts";
import { schema } from "./rules/schema.ts";
import type { Finding, ObjectFault, Rule } from "./rule.ts";
import { createPlaceReaders } from "./scalar-place.ts";

/** By what an object is judged. */
interface Judgement {
  withRules: boolean;
  withSchema: boolean;
}

/** What is wrong with an object; `documents` are those of the file that it is from. */
export async function judgeObject(
  manifest: Manifest,
  documents: readonly YamlSource[],
  judge: ManifestJudge,
  { withRules, withSchema }: Judgement,
): Promise<Finding[]> {
  const locate: Locate = (path, part) =>
    documents[manifest.document]?.locate([...manifest.at, ...path], part) ?? {
      file: manifest.file,
    };
  const errors = withSchema ? await judge.explain(manifest, locate) : [];
  const faults: [Rule, ObjectFault][] = withRules
    ? (await judge.findFaults(manifest)).filter(
        ([rule]) => !rule.isAfterSchema || (withSchema && errors.length === 0),
      )
    : [];
  if (!isNamed(manifest)) faults.push([schema, nameMissing(manifest)]);
  return [
    ...errors.map((error) => ({ ...toConfigFinding(error), rule: schema.id })),
    ...faults.map(([rule, fault]) => locateObjectFault(rule, manifest, fault, documents)),
  ];
}

/** The objects of a file, and what is wrong with them or with the file. */
export async function judgeClosely(
  source: SourceFile,
  judge: ManifestJudge,
  { withRules, isPart }: JudgingWay,
): Promise<JudgedFile> {
  const { file, text } = source;
  const documents = await readDocuments(file, text);
  if (documents instanceof InfraError) {
    return { manifests: [], findings: [toConfigFinding(documents)] };
  }
  const values = documents.map(({ value }) => value);
  const manifests = listManifests(file, values);
  if (isPart) markParts(manifests);
  const strays = listStrays(file, values);
  const findings: Finding[] = strays.map(({ document, at }) =>
    explainStray(documents[document], at),
  );
  let ofSchema = 0;
  for (const manifest of manifests) {
    const isTold = ofSchema > mostOfRule;
    const found = await judgeObject(manifest, documents, judge, { withRules, withSchema: !isTold });
    if (!isTold) ofSchema += found.filter(({ rule }) => rule === schema.id).length;
    for (const finding of found) findings.push(finding);
  }
  const places = createPlaceReaders(documents, manifests, judge);
  const all = await addScalarFindings(source, documents, "cluster", findings, places);
  return { manifests, findings: all };
}

function explainStray(document: YamlSource | undefined, at: DataPath): Finding {
  return toFinding(
    schema,
    {
      code: "KIND_MISSING",
      message: "this object does not say what it is",
      why: "it has no apiVersion and kind, each a text: kubectl and Argo CD stop at it",
      fix: "Write both, with a small first letter and a capital V",
    },
    document?.locate(at, "value") ?? { file: "." },
  );
}

function nameMissing({ kind, value }: Manifest): ObjectFault {
  return {
    at: "metadata" in value ? ["metadata"] : ["kind"],
    code: "NAME_MISSING",
    message: `this ${kind} has no name`,
    fix: "Add metadata.name",
  };
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
