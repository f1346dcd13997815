import { InfraError } from "../errors.ts";
import { listManifests, type Manifest } from "../manifests/manifest.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { CustomResourceDefinition } from "../schema/convert-crd.ts";
import type { Cache } from "./cache.ts";
import { findClaim } from "./claims.ts";
import { judgeConfig, judgeConfigQuickly } from "./judge-config.ts";
import {
  createManifestJudge,
  judgeClosely,
  judgeQuickly,
  readDocuments,
} from "./judge-manifests.ts";
import { judgeInventory } from "./judge-inventory.ts";
import {
  explainFailure,
  isExplained,
  judgeRendered,
  planRenders,
  type Render,
} from "./judge-rendered.ts";
import { judgeSops } from "./judge-sops.ts";
import type { SourceFile } from "./list-files.ts";
import { locateObjectFault, locateTextFault, toFinding } from "./locate-finding.ts";
import type { RenderRoot } from "./plan-render.ts";
import type { Finding, Repository, RepositoryFault, Rule, Settings } from "./rule.ts";

export interface Judged {
  findings: Finding[];
  /** The objects as the cluster gets them. */
  manifests: readonly Manifest[];
  /** Our own files that have no mistake, by path. */
  values: ReadonlyMap<string, unknown>;
  /** What was looked at. */
  counts: { files: number; objects: number; serverRules: number; notRendered: number };
}

export interface Judging {
  rules: readonly Rule[];
  catalog: Catalog;
  settings: Settings;
  /** Without it the raw files of kustomizations are judged. */
  render?: Render;
  /** Knows the files in which nothing was wrong the last time. */
  cache?: Cache;
}

/** Judges the files of one folder, one by one and together. */
export async function judge(sources: readonly SourceFile[], judging: Judging): Promise<Judged> {
  const { rules, catalog, settings, cache, render = async () => undefined } = judging;
  const textRules = rules.filter((rule) => rule.scope === "text");
  const objectRules = rules.filter((rule) => rule.scope === "object");
  const manifestJudge = createManifestJudge(objectRules, catalog, settings);
  const texts = new Map(sources.map(({ file, text }) => [file, text]));
  const findings: Finding[] = [];
  const values = new Map<string, unknown>();

  await learnKinds(sources, catalog);
  const { roots, patches } = await planRenders(sources);
  const rendered: { root: RenderRoot; text: string }[] = [];
  const failed: { root: RenderRoot; failure: string }[] = [];
  let notRendered = 0;
  for (const root of roots) {
    const result = await render(root, sources);
    if (result === undefined) notRendered += 1;
    else if ("text" in result) rendered.push({ root, text: result.text });
    else failed.push({ root, failure: result.failure });
  }
  const covered = new Set(rendered.flatMap(({ root }) => root.files));

  const manifests: Manifest[] = [];
  const raw = new Map<string, Manifest[]>();
  for (const source of sources) {
    const isPlain = !covered.has(source.file) && !patches.has(source.file);
    const known = isPlain ? cache?.find(source) : undefined;
    if (known !== undefined) {
      for (const manifest of known) manifests.push(manifest);
      continue;
    }
    const foundBefore = findings.length;
    for (const rule of textRules) {
      for (const fault of rule.find(source.text, source.file, settings)) {
        findings.push(locateTextFault(rule, source.file, source.text, fault));
      }
    }
    const claim = patches.has(source.file)
      ? ({ kind: "yaml", reader: "kustomize" } as const)
      : findClaim(source.file);
    if (claim.kind !== "manifests") {
      const quick = judgeConfigQuickly(claim, source);
      const judged =
        quick === undefined ? await judgeConfig(claim, source) : { value: quick, findings: [] };
      for (const finding of judged.findings) findings.push(finding);
      if (judged.findings.length === 0) values.set(source.file, judged.value);
      continue;
    }
    const isRendered = covered.has(source.file);
    let those = judgeQuickly(source, manifestJudge, !isRendered);
    if (those === undefined) {
      const judged = await judgeClosely(source, manifestJudge, !isRendered);
      for (const finding of judged.findings) findings.push(finding);
      those = judged.manifests;
    }
    if (isRendered) raw.set(source.file, those);
    else for (const manifest of those) manifests.push(manifest);
    if (!isRendered && findings.length === foundBefore) cache?.add(source, those);
  }

  const written = [...manifests, ...[...raw.values()].flat()];
  for (const { root, text } of rendered) {
    const those = root.files.flatMap((file) => raw.get(file) ?? []);
    const judged = await judgeRendered(root, text, those, manifestJudge, texts);
    for (const manifest of judged.manifests) manifests.push(manifest);
    for (const finding of judged.findings) findings.push(finding);
  }

  const repository: Repository = {
    manifests,
    written,
    files: new Set(texts.keys()),
    read: (file) => values.get(file),
    isNamespaced: (kind) => catalog.isNamespaced(kind),
  };
  for (const finding of await judgeSops(sources)) findings.push(finding);
  for (const finding of await judgeInventory(texts)) findings.push(finding);
  for (const finding of await judgeTogether(repository, judging, texts)) findings.push(finding);
  for (const { root, failure } of failed) {
    if (!isExplained(root, findings)) findings.push(explainFailure(root, failure));
  }
  return {
    findings: sortFindings(findings),
    manifests,
    values,
    counts: {
      files: sources.length,
      objects: manifests.length,
      serverRules: countServerRules(manifests, catalog),
      notRendered,
    },
  };
}

/** Takes in the kinds that the folder's own CustomResourceDefinitions bring. */
async function learnKinds(sources: readonly SourceFile[], catalog: Catalog): Promise<void> {
  for (const { file, text } of sources) {
    if (!text.includes("kind: CustomResourceDefinition")) continue;
    const documents = await readDocuments(file, text);
    if (documents instanceof InfraError) continue;
    const values = documents.map(({ value }) => value);
    for (const { kind, value } of listManifests(file, values)) {
      if (kind !== "CustomResourceDefinition") continue;
      // What it has to look like is judged with the other objects.
      const isWhole = catalog.isSurelyValid({ apiVersion: "apiextensions.k8s.io/v1", kind, value });
      if (isWhole) catalog.learn(value as unknown as CustomResourceDefinition);
    }
  }
}

async function judgeTogether(
  repository: Repository,
  { rules, settings }: Judging,
  texts: ReadonlyMap<string, string>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const rule of rules) {
    if (rule.scope !== "repository") continue;
    for (const fault of rule.find(repository, settings)) {
      findings.push(await locate(rule, fault, texts));
    }
  }
  return findings;
}

async function locate(
  rule: Rule,
  fault: RepositoryFault,
  texts: ReadonlyMap<string, string>,
): Promise<Finding> {
  if ("where" in fault) {
    const { where, ...rest } = fault;
    return toFinding(rule, rest, where);
  }
  const { parseYamlDocuments } = await import("../config/parse-yaml.ts");
  const place = "manifest" in fault ? fault.manifest : { file: fault.file, document: 0, at: [] };
  const documents = await parseYamlDocuments(texts.get(place.file) ?? "", place.file);
  return locateObjectFault(rule, place, fault, documents);
}

function countServerRules(manifests: readonly Manifest[], catalog: Catalog): number {
  const kinds = new Map<string, number>();
  for (const manifest of manifests) {
    const name = `${manifest.apiVersion} ${manifest.kind}`;
    if (!kinds.has(name)) kinds.set(name, catalog.countServerRules(manifest));
  }
  return [...kinds.values()].reduce((sum, count) => sum + count, 0);
}

/** In the order of the files, each once: what a kustomization makes repeats what its files hold. */
function sortFindings(findings: Finding[]): Finding[] {
  const sorted = findings.toSorted(compareFindings);
  return sorted.filter((one, index) => {
    const before = sorted[index - 1];
    return before === undefined || compareFindings(before, one) !== 0;
  });
}

function compareFindings(a: Finding, b: Finding): number {
  return (
    compareTexts(a.where.file, b.where.file) ||
    (a.where.line ?? 0) - (b.where.line ?? 0) ||
    (a.where.column ?? 0) - (b.where.column ?? 0) ||
    compareTexts(a.code, b.code) ||
    compareTexts(a.message, b.message)
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
