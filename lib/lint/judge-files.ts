import type { Manifest } from "../manifests/manifest.ts";
import type { Cache } from "./cache.ts";
import { type Claim, findClaim } from "./claims.ts";
import { judgeConfigQuickly } from "./judge-config.ts";
import { judgeQuickly, type JudgingWay, type ManifestJudge } from "./judge-manifests.ts";
import type { SourceFile } from "./list-files.ts";
import { locateTextFault } from "./locate-finding.ts";
import type { Finding, Settings, TextRule } from "./rule.ts";

export interface FileJudging {
  textRules: readonly TextRule[];
  judge: ManifestJudge;
  settings: Settings;
  /** Files that change objects, and are none themselves. */
  patches: ReadonlySet<string>;
  /** Files whose objects are judged as they are rendered. */
  rendered: ReadonlySet<string>;
  /** Files whose objects kustomize changes, where it was not run. */
  parts: ReadonlySet<string>;
  cache: Cache | undefined;
}

/** What the files hold, and what is wrong with each by itself. */
export interface JudgedFiles {
  /** By the file that they are from; those of rendered files, too. */
  manifests: Map<string, Manifest[]>;
  findings: Finding[];
  /** Our own files that have no mistake. */
  values: Map<string, unknown>;
}

const patchClaim: Claim = { kind: "yaml", reader: "kustomize" };

/** Judges files one by one: quickly where nothing is wrong, and closely where something may be. */
export async function judgeFiles(
  sources: readonly SourceFile[],
  judging: FileJudging,
): Promise<JudgedFiles> {
  const judged: JudgedFiles = { manifests: new Map(), findings: [], values: new Map() };
  for (const source of sources) {
    const isPatch = judging.patches.has(source.file);
    const isPlain = !isPatch && !judging.rendered.has(source.file);
    const isPart = judging.parts.has(source.file);
    const mayBeKnown = isPlain && !isPart;
    const known = mayBeKnown ? judging.cache?.find(source) : undefined;
    if (known !== undefined) {
      judged.manifests.set(source.file, known);
      continue;
    }
    const found = findInText(source, judging);
    const claim = isPatch ? patchClaim : findClaim(source.file);
    if (claim.kind !== "manifests") {
      found.push(...(await judgeOther(claim, source, judged)));
    } else {
      const way = { withRules: isPlain, isPart };
      const quick = await judgeQuickly(source, judging.judge, way);
      if (quick !== undefined) judged.manifests.set(source.file, quick);
      else found.push(...(await judgeObjects(source, judging.judge, way, judged)));
      const manifests = judged.manifests.get(source.file);
      if (mayBeKnown && manifests !== undefined && found.length === 0) {
        judging.cache?.add(source, manifests);
      }
    }
    for (const finding of found) judged.findings.push(finding);
  }
  return judged;
}

function findInText({ file, text }: SourceFile, { textRules, settings }: FileJudging): Finding[] {
  return textRules.flatMap((rule) =>
    rule.find(text, file, settings).map((fault) => locateTextFault(rule, file, text, fault)),
  );
}

async function judgeOther(
  claim: Claim,
  source: SourceFile,
  { values }: JudgedFiles,
): Promise<Finding[]> {
  const quick = await judgeConfigQuickly(claim, source);
  if (quick !== undefined) {
    values.set(source.file, quick);
    return [];
  }
  const { judgeConfig } = await import("./judge-config-closely.ts");
  const { value, findings } = await judgeConfig(claim, source);
  if (findings.length === 0) values.set(source.file, value);
  return findings;
}

async function judgeObjects(
  source: SourceFile,
  judge: ManifestJudge,
  way: JudgingWay,
  judged: JudgedFiles,
): Promise<Finding[]> {
  const { judgeClosely } = await import("./judge-manifests-closely.ts");
  const { manifests, findings } = await judgeClosely(source, judge, way);
  judged.manifests.set(source.file, manifests);
  return findings;
}
