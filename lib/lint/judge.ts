import { describeKind, isKustomizationFile, type Manifest } from "../manifests/manifest.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { Cache } from "./cache.ts";
import { dropToldSecrets } from "./drop-told-secrets.ts";
import { countCharts } from "./count-charts.ts";
import { judgeFiles } from "./judge-files.ts";
import { createManifestJudge, type LoadCloseRules } from "./judge-manifests.ts";
import type { Render } from "./judge-rendered.ts";
import type { SourceFile } from "./list-files.ts";
import { locateObjectFault, toFinding } from "./locate-finding.ts";
import type { FindDocuments } from "./read-documents.ts";
import type { Report } from "./report.ts";
import type {
  Finding,
  Repository,
  RepositoryFault,
  RepositoryRule,
  Rule,
  Settings,
} from "./rule.ts";

export interface Judged {
  findings: Finding[];
  /** The objects as the cluster gets them. */
  manifests: readonly Manifest[];
  /** Our own files that have no mistake, by path. */
  values: ReadonlyMap<string, unknown>;
  /** Files of kustomizations that were not rendered, or not wholly: more may be wrong with them. */
  halfJudged: ReadonlySet<string>;
  /** What was looked at. */
  counts: Omit<Report["counts"], "ignored">;
}

export interface Judging {
  rules: readonly Rule[];
  /** Further rules, by what there is; `kinds` as describeKind writes them. */
  loadRules?: (
    repository: Repository,
    kinds: ReadonlySet<string>,
  ) => Promise<readonly RepositoryRule[]>;
  /** Rules for the objects in which something may be wrong (suspect-objects.ts). */
  loadCloseRules?: LoadCloseRules;
  catalog: Catalog;
  settings: Settings;
  /** Without it the raw files of kustomizations are judged. */
  render?: Render;
  /** Knows the files in which nothing was wrong the last time. */
  cache?: Cache;
}

/** Judges the files of one folder, one by one and together. */
export async function judge(sources: readonly SourceFile[], judging: Judging): Promise<Judged> {
  const { rules, catalog, settings, cache } = judging;
  const texts = new Map(sources.map(({ file, text }) => [file, text]));
  const objectRules = rules.filter((rule) => rule.scope === "object");
  const manifestJudge = createManifestJudge(objectRules, catalog, settings, judging.loadCloseRules);
  await learnKinds(sources, catalog);
  const renders = await renderAll(sources, judging.render);
  const files = await judgeFiles(sources, {
    textRules: rules.filter((rule) => rule.scope === "text"),
    judge: manifestJudge,
    settings,
    patches: renders?.patches ?? new Set(),
    rendered: renders?.covered ?? new Set(),
    parts: renders?.parts ?? new Set(),
    cache,
  });
  const made = await renders?.judge(files.manifests, manifestJudge, texts);
  const written = [...files.manifests.values()].flat();
  const repository: Repository = {
    written,
    manifests: made?.manifests ?? written,
    files: new Set(texts.keys()),
    read: (file) => files.values.get(file),
    isNamespaced: (kind) => catalog.isNamespaced(kind),
  };
  const found = [
    ...files.findings,
    ...(made?.findings ?? []),
    ...(await judgeSpecial(sources, texts)),
    ...(await judgeTogether(repository, judging, texts)),
  ];
  const findings = dropToldSecrets(found, texts);
  const { manifests } = repository;
  return {
    findings: sortFindings([...findings, ...(renders?.explainFailures(findings) ?? [])]),
    manifests,
    values: files.values,
    halfJudged: renders?.halfJudged ?? new Set(),
    counts: {
      files: sources.length,
      objects: manifests.length,
      serverRules: countServerRules(manifests, catalog),
      notRendered: (renders?.notRendered ?? 0) + countCharts(manifests),
      unmadeSecrets: await countUnmade(repository),
    },
  };
}

/** Takes in the kinds that the folder's own CustomResourceDefinitions bring. */
async function learnKinds(sources: readonly SourceFile[], catalog: Catalog): Promise<void> {
  const definitions = sources.filter(({ text }) => text.includes("kind: CustomResourceDefinition"));
  if (definitions.length === 0) return;
  const { learnDefinitions } = await import("./learn-definitions.ts");
  await learnDefinitions(definitions, catalog);
}

async function renderAll(sources: readonly SourceFile[], render: Render | undefined) {
  if (!sources.some(({ file }) => isKustomizationFile(file))) return undefined;
  const { renderKustomizations } = await import("./judge-rendered.ts");
  return await renderKustomizations(sources, render);
}

/** Judges what has rules of its own: what sops has encrypted, and the inventory. */
async function judgeSpecial(
  sources: readonly SourceFile[],
  texts: ReadonlyMap<string, string>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const encrypted = sources.filter(
    ({ file, text }) => file.includes("sops") || text.includes("sops"),
  );
  if (encrypted.length > 0) {
    const { judgeSops } = await import("./judge-sops.ts");
    findings.push(...(await judgeSops(encrypted)));
  }
  if (sources.some(({ file }) => file.startsWith("ansible/inventory/"))) {
    const { judgeInventory } = await import("./judge-inventory.ts");
    findings.push(...(await judgeInventory(texts)));
  }
  return findings;
}

async function judgeTogether(
  repository: Repository,
  { rules, loadRules, settings }: Judging,
  texts: ReadonlyMap<string, string>,
): Promise<Finding[]> {
  const kinds = new Set([...repository.written, ...repository.manifests].map(describeKind));
  const more = (await loadRules?.(repository, kinds)) ?? [];
  const findings: Finding[] = [];
  const locate = createLocator(texts);
  for (const rule of [...rules.filter((one) => one.scope === "repository"), ...more]) {
    for (const fault of rule.find(repository, settings)) {
      findings.push(await locate(rule, fault));
    }
  }
  return findings;
}

/** Gives faults their places; the files are read when the first of them asks. */
function createLocator(texts: ReadonlyMap<string, string>) {
  let find: Promise<FindDocuments> | undefined;
  return async (rule: Rule, fault: RepositoryFault): Promise<Finding> => {
    if ("where" in fault) {
      const { where, ...rest } = fault;
      return toFinding(rule, rest, where);
    }
    find ??= import("./read-documents.ts").then((module) => module.createDocumentFinder(texts));
    const place = "manifest" in fault ? fault.manifest : { file: fault.file, document: 0, at: [] };
    return locateObjectFault(rule, place, fault, await (await find)(place.file));
  };
}

async function countUnmade(repository: Repository): Promise<number> {
  if (!repository.written.some(({ kind }) => kind === "ksops")) return 0;
  const { countUnmadeSecrets } = await import("./kustomization/unmade-secrets.ts");
  return countUnmadeSecrets(repository);
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
