import { parseYamlDocuments, type YamlSource } from "../config/parse-yaml.ts";
import { InfraError } from "../errors.ts";
import { describeKind, listManifests, type Manifest } from "../manifests/manifest.ts";
import { isForKustomize } from "../manifests/kustomizations.ts";
import { withoutSops } from "../manifests/sops.ts";
import { readPlain } from "../manifests/read-plain.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { Locate } from "../schema/explain.ts";
import { isToolKind } from "../schema/kustomization.schema.ts";
import { toConfigFinding } from "./judge-config.ts";
import { addScalarFindings } from "./judge-scalars.ts";
import type { SourceFile } from "./list-files.ts";
import { locateObjectFault } from "./locate-finding.ts";
import type { Finding, ObjectFault, ObjectRule, Settings } from "./rule.ts";

/** What a file of manifests has in it. */
export interface JudgedFile {
  manifests: Manifest[];
  findings: Finding[];
}

export interface ManifestJudge {
  /** Whether an object keeps to its schema and, with `withRules`, to the rules for objects. */
  isSurelyRight(manifest: Manifest, withRules: boolean): boolean;
  /** What is wrong with an object; `documents` are those of the file that it is from. */
  judgeObject(
    manifest: Manifest,
    documents: readonly YamlSource[],
    withRules: boolean,
  ): Promise<Finding[]>;
}

/** Judges objects one at a time: their schema and the rules for objects. */
export function createManifestJudge(
  rules: readonly ObjectRule[],
  catalog: Catalog,
  settings: Settings,
): ManifestJudge {
  const byKind = new Map<string, readonly ObjectRule[]>();

  function listRules(kind: string): readonly ObjectRule[] {
    const found = byKind.get(kind);
    if (found !== undefined) return found;
    const those = rules.filter(({ kinds }) => kinds === undefined || kinds.includes(kind));
    byKind.set(kind, those);
    return those;
  }

  function findFaults(manifest: Manifest): [ObjectRule, ObjectFault][] {
    return listRules(describeKind(manifest)).flatMap((rule) =>
      rule.find(manifest, settings).map((fault): [ObjectRule, ObjectFault] => [rule, fault]),
    );
  }

  return {
    isSurelyRight(manifest, withRules) {
      if (!isUnknownToAll(manifest) && !catalog.isSurelyValid(inClear(manifest))) return false;
      if (!withRules) return true;
      for (const rule of listRules(describeKind(manifest))) {
        if (rule.find(manifest, settings).length > 0) return false;
      }
      return true;
    },
    async judgeObject(manifest, documents, withRules) {
      const locate: Locate = (path, part) =>
        documents[manifest.document]?.locate([...manifest.at, ...path], part) ?? {
          file: manifest.file,
        };
      const known = isUnknownToAll(manifest) ? undefined : inClear(manifest);
      const errors = known === undefined ? [] : await catalog.explain(known, locate);
      const faults = withRules ? findFaults(manifest) : [];
      return [
        ...errors.map((error) => ({ ...toConfigFinding(error), rule: "schema" })),
        ...faults.map(([rule, fault]) => locateObjectFault(rule, manifest, fault, documents)),
      ];
    },
  };
}

/** The objects of a file in which surely nothing is wrong; undefined when one has to look closer. */
export function judgeQuickly(
  { file, text }: SourceFile,
  judge: ManifestJudge,
  withRules: boolean,
): Manifest[] | undefined {
  const documents = readPlain(text);
  if (documents === undefined) return undefined;
  const manifests = listManifests(file, documents);
  if (manifests.length < documents.length) return undefined;
  for (const manifest of manifests) {
    if (!judge.isSurelyRight(manifest, withRules)) return undefined;
  }
  return manifests;
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
    findings.push(...(await judge.judgeObject(manifest, documents, withRules)));
  }
  return { manifests, findings: addScalarFindings(source, documents, "cluster", findings) };
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

/** What kustomize reads and nobody has a schema of: its own transformers, and what rule `kustomization` refuses. */
function isUnknownToAll(manifest: Manifest): boolean {
  return isForKustomize(manifest) && !isToolKind(manifest);
}

/** The object as its schema knows it. */
function inClear(manifest: Manifest): Manifest {
  const value = withoutSops(manifest.value);
  return value === manifest.value ? manifest : { ...manifest, value };
}
