import { parseYamlDocuments, type YamlSource } from "../config/parse-yaml.ts";
import { InfraError } from "../errors.ts";
import { describeKind, listManifests, type Manifest } from "../manifests/manifest.ts";
import { readPlain } from "../manifests/read-plain.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { Locate } from "../schema/explain.ts";
import { toConfigFinding } from "./judge-config.ts";
import { locateObjectFault } from "./locate-finding.ts";
import type { Finding, ObjectFault, ObjectRule, Settings } from "./rule.ts";

/** A file of manifests. */
export interface ManifestFile {
  file: string;
  text: string;
}

/** What a file of manifests has in it. */
export interface JudgedFile {
  manifests: Manifest[];
  findings: Finding[];
}

export interface ManifestJudge {
  /** The objects of a file in which surely nothing is wrong; undefined when one has to look closer. */
  judgeQuickly(file: ManifestFile): JudgedFile | undefined;
  judgeClosely(file: ManifestFile): Promise<JudgedFile>;
}

/** Judges manifests one file at a time: their syntax, their schema and the rules for objects. */
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
    const kind = describeKind(manifest);
    return listRules(kind).flatMap((rule) =>
      rule.find(manifest, settings).map((fault): [ObjectRule, ObjectFault] => [rule, fault]),
    );
  }

  return {
    judgeQuickly({ file, text }) {
      const documents = readPlain(text);
      if (documents === undefined) return undefined;
      const manifests = listManifests(file, documents);
      if (manifests.length < documents.length) return undefined;
      for (const manifest of manifests) {
        if (!isForTool(manifest) && !catalog.isSurelyValid(manifest)) return undefined;
        for (const rule of listRules(describeKind(manifest))) {
          if (rule.find(manifest, settings).length > 0) return undefined;
        }
      }
      return { manifests, findings: [] };
    },

    async judgeClosely({ file, text }) {
      const read = await readDocuments(file, text);
      if (read instanceof InfraError) return { manifests: [], findings: [toConfigFinding(read)] };
      const manifests = listManifests(
        file,
        read.map(({ value }) => value),
      );
      const findings: Finding[] = [];
      for (const manifest of manifests) {
        const locate = read[manifest.document]?.locate;
        if (locate !== undefined && !isForTool(manifest)) {
          const atObject: Locate = (path, part) => locate([...manifest.at, ...path], part);
          const errors = await catalog.explain(manifest, atObject);
          findings.push(...errors.map((error) => ({ ...toConfigFinding(error), rule: "schema" })));
        }
        for (const [rule, fault] of findFaults(manifest)) {
          findings.push(locateObjectFault(rule, manifest, fault, read));
        }
      }
      return { manifests, findings };
    },
  };
}

/** What kustomize and its generators read looks like an object, and is none of the cluster. */
function isForTool({ apiVersion }: Manifest): boolean {
  return /^(kustomize\.config\.k8s\.io|viaduct\.ai)\//.test(apiVersion);
}

async function readDocuments(file: string, text: string): Promise<YamlSource[] | InfraError> {
  try {
    return await parseYamlDocuments(text, file);
  } catch (error) {
    if (error instanceof InfraError) return error;
    // The reader of YAML calls itself for every level.
    if (error instanceof RangeError) return tooDeep(file);
    throw error;
  }
}

function tooDeep(file: string): InfraError {
  return new InfraError({
    code: "FILE_TOO_DEEP",
    message: "it is nested too deeply to be read",
    where: { file },
    fix: "Correct the brackets, or the indentation",
  });
}
