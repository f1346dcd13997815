import type { Catalog } from "../schema/catalog.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findClaim } from "./claims.ts";
import { judgeConfig, judgeConfigQuickly } from "./judge-config.ts";
import { createManifestJudge, type JudgedFile } from "./judge-manifests.ts";
import type { SourceFile } from "./list-files.ts";
import { locateObjectFault, locateTextFault, toFinding } from "./locate-finding.ts";
import type { Finding, Repository, RepositoryFault, Rule, Settings } from "./rule.ts";

export interface Judged {
  findings: Finding[];
  /** Our own files that have no mistake, by path. */
  values: ReadonlyMap<string, unknown>;
  /** What was looked at. */
  counts: { files: number; objects: number; serverRules: number };
}

/** Judges the files of one folder, one by one and together. */
export async function judge(
  sources: readonly SourceFile[],
  rules: readonly Rule[],
  catalog: Catalog,
  settings: Settings,
): Promise<Judged> {
  const textRules = rules.filter((rule) => rule.scope === "text");
  const objectRules = rules.filter((rule) => rule.scope === "object");
  const judge = createManifestJudge(objectRules, catalog, settings);
  const findings: Finding[] = [];
  const manifests: Manifest[] = [];
  const unclear: SourceFile[] = [];
  const values = new Map<string, unknown>();

  function take(judged: JudgedFile): void {
    for (const manifest of judged.manifests) manifests.push(manifest);
    for (const finding of judged.findings) findings.push(finding);
  }

  for (const source of sources) {
    for (const rule of textRules) {
      for (const fault of rule.find(source.text, source.file, settings)) {
        findings.push(locateTextFault(rule, source.file, source.text, fault));
      }
    }
    const claim = findClaim(source.file);
    if (claim.kind !== "manifests") {
      const quick = judgeConfigQuickly(claim, source);
      const { value, findings: found } =
        quick === undefined ? await judgeConfig(claim, source) : { value: quick, findings: [] };
      findings.push(...found);
      if (found.length === 0) values.set(source.file, value);
      continue;
    }
    const judged = judge.judgeQuickly(source);
    if (judged === undefined) unclear.push(source);
    else take(judged);
  }
  for (const source of unclear) take(await judge.judgeClosely(source));

  const repository: Repository = {
    manifests,
    files: new Set(sources.map(({ file }) => file)),
    read: (file) => values.get(file),
  };
  findings.push(...(await judgeTogether(repository, rules, settings, sources)));
  return {
    findings: sortFindings(findings),
    values,
    counts: {
      files: sources.length,
      objects: manifests.length,
      serverRules: countServerRules(manifests, catalog),
    },
  };
}

async function judgeTogether(
  repository: Repository,
  rules: readonly Rule[],
  settings: Settings,
  sources: readonly SourceFile[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const rule of rules) {
    if (rule.scope !== "repository") continue;
    for (const fault of rule.find(repository, settings)) {
      findings.push(await locate(rule, fault, sources));
    }
  }
  return findings;
}

async function locate(
  rule: Rule,
  fault: RepositoryFault,
  sources: readonly SourceFile[],
): Promise<Finding> {
  if ("where" in fault) {
    const { where, ...rest } = fault;
    return toFinding(rule, rest, where);
  }
  const { manifest, ...rest } = fault;
  const text = sources.find(({ file }) => file === manifest.file)?.text ?? "";
  const { parseYamlDocuments } = await import("../config/parse-yaml.ts");
  return locateObjectFault(rule, manifest, rest, await parseYamlDocuments(text, manifest.file));
}

function countServerRules(manifests: readonly Manifest[], catalog: Catalog): number {
  const kinds = new Map<string, number>();
  for (const manifest of manifests) {
    kinds.set(`${manifest.apiVersion} ${manifest.kind}`, catalog.countServerRules(manifest));
  }
  return [...kinds.values()].reduce((sum, count) => sum + count, 0);
}

function sortFindings(findings: Finding[]): Finding[] {
  return findings.sort(
    (a, b) =>
      compareTexts(a.where.file, b.where.file) ||
      (a.where.line ?? 0) - (b.where.line ?? 0) ||
      (a.where.column ?? 0) - (b.where.column ?? 0) ||
      compareTexts(a.code, b.code),
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
