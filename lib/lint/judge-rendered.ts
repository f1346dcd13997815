import path from "node:path";
import { InfraError } from "../errors.ts";
import { findKustomizations } from "../manifests/kustomization.ts";
import {
  describeKind,
  isKustomizationFile,
  listManifests,
  type Manifest,
} from "../manifests/manifest.ts";
import { readPlain } from "../manifests/read-plain.ts";
import { type JudgedFile, type ManifestJudge, markParts } from "./judge-manifests.ts";
import { judgeObject, readDocuments } from "./judge-manifests-closely.ts";
import { createDocumentFinder, type FindDocuments } from "./read-documents.ts";
import type { SourceFile } from "./list-files.ts";
import { toFinding } from "./locate-finding.ts";
import { planRender, type RenderPlan, type RenderRoot } from "./plan-render.ts";
import type { Finding } from "./rule.ts";
import { kustomizationBuilds } from "./rules/kustomization-builds.ts";

/** What a kustomization makes, or why it makes nothing; undefined where nobody can say. */
export type Rendered = { text: string } | { failure: string } | undefined;

/** Renders kustomizations, in their order; `sources` are all files of the judged folder. */
export type Render = (
  roots: readonly RenderRoot[],
  sources: readonly SourceFile[],
) => Promise<readonly Rendered[]>;

/** The kustomizations of a folder, as far as they are rendered. */
export interface Renders {
  /** Files that change objects, and are none themselves. */
  patches: ReadonlySet<string>;
  /** Files whose objects are judged as they are rendered. */
  covered: ReadonlySet<string>;
  /** Files whose objects kustomize changes, where it was not run. */
  parts: ReadonlySet<string>;
  /** How many were not rendered, or not wholly. */
  notRendered: number;
  /** The files that those are put together from, and those of kustomizations that kustomize refuses. */
  halfJudged: ReadonlySet<string>;
  /** Judges what they make; `byFile` are the objects as they stand in the files. */
  judge(
    byFile: ReadonlyMap<string, Manifest[]>,
    judge: ManifestJudge,
    texts: ReadonlyMap<string, string>,
  ): Promise<JudgedFile>;
  /** What kustomize refuses, where no finding says why. */
  explainFailures(findings: readonly Finding[]): Finding[];
}

/** Renders the kustomizations that differ from their raw files. */
export async function renderKustomizations(
  sources: readonly SourceFile[],
  render: Render | undefined,
): Promise<Renders> {
  const { roots, patches } = await planRenders(sources);
  const rendered: { root: RenderRoot; text: string }[] = [];
  const failed: { root: RenderRoot; failure: string }[] = [];
  const results = (await render?.(roots, sources)) ?? [];
  for (const [index, root] of roots.entries()) {
    const result = results[index];
    if (result === undefined) continue;
    if ("text" in result) rendered.push({ root, text: result.text });
    else failed.push({ root, failure: result.failure });
  }
  const tried = new Set([...rendered, ...failed].map(({ root }) => root));
  const left = roots.filter((root) => isPartial(root) || !tried.has(root));
  const covered = new Set(rendered.flatMap(({ root }) => root.files));
  const all = roots.flatMap(({ files }) => files);
  return {
    patches,
    covered,
    notRendered: left.length,
    halfJudged: new Set([...left, ...failed.map(({ root }) => root)].flatMap(listOwnFiles)),
    parts: new Set(all.filter((file) => !covered.has(file))),
    async judge(byFile, judge, texts) {
      const find = createDocumentFinder(texts);
      const raw = [...byFile].filter(([file]) => !covered.has(file));
      const all: JudgedFile = { manifests: raw.flatMap(([, those]) => those), findings: [] };
      for (const { root, text } of rendered) {
        const those = root.files.flatMap((file) => byFile.get(file) ?? []);
        const { manifests, findings } = await judgeRendered(root, text, those, judge, find);
        all.manifests.push(...manifests);
        all.findings.push(...findings);
      }
      return all;
    },
    explainFailures: (findings) =>
      failed
        .filter(({ root }) => !isExplained(root, findings))
        .map(({ root, failure }) => explainFailure(root, failure)),
  };
}

/** Whether what has to be fetched or run is left out when it is rendered. */
function isPartial({ parts }: RenderRoot): boolean {
  return parts.some(({ foreign }) => foreign.length > 0);
}

/** The kustomizations that one is put together from, and their files. */
function listOwnFiles({ parts, files }: RenderRoot): string[] {
  return [...parts.map(({ manifest }) => manifest.file), ...files];
}

/** The kustomizations among the files, as far as they can be read. */
async function planRenders(sources: readonly SourceFile[]): Promise<RenderPlan> {
  const manifests: Manifest[] = [];
  for (const { file, text } of sources) {
    if (!isKustomizationFile(file)) continue;
    const documents = readPlain(text) ?? (await readExactly(file, text));
    manifests.push(...listManifests(file, documents));
  }
  const kustomizations = [...findKustomizations(manifests).values()];
  return planRender(kustomizations, new Set(sources.map(({ file }) => file)));
}

/** Judges what a kustomization makes; `raw` are the objects of its files, which say where a fault is. */
async function judgeRendered(
  root: RenderRoot,
  text: string,
  raw: readonly Manifest[],
  judge: ManifestJudge,
  findDocuments: FindDocuments,
): Promise<JudgedFile> {
  const documents = readPlain(text) ?? (await readExactly(root.kustomization.manifest.file, text));
  const findings: JudgedFile["findings"] = [];
  const top = { file: root.kustomization.manifest.file, document: 0, at: [] };
  const manifests = listManifests("", documents).map((manifest): Manifest => {
    const { file, document, at } = findOrigin(manifest, raw) ?? top;
    return { ...manifest, file, document, at, isRendered: true };
  });
  // What was left out may have changed any of them.
  if (isPartial(root)) markParts(manifests);
  for (const manifest of manifests) {
    if (await judge.isSurelyRight(manifest, true)) continue;
    const places = await findDocuments(manifest.file);
    const found = await judgeObject(manifest, places, judge, { withRules: true, withSchema: true });
    findings.push(...found.map((finding) => tellRendered(finding, manifest)));
  }
  return { manifests, findings };
}

/** The object that kustomize has made this one of: perhaps with a longer name, or a namespace. */
function findOrigin(manifest: Manifest, raw: readonly Manifest[]): Manifest | undefined {
  const kind = describeKind(manifest);
  const alike = raw.filter(
    (one) => one.name !== "" && describeKind(one) === kind && manifest.name.includes(one.name),
  );
  const same = alike.filter(({ name }) => name === manifest.name);
  return (
    same.find(({ namespace }) => namespace === manifest.namespace) ??
    same[0] ??
    alike.toSorted((a, b) => b.name.length - a.name.length)[0]
  );
}

/** A finding may be about what only a patch brings: then its place does not show it. */
function tellRendered(finding: Finding, { kind, name }: Manifest): Finding {
  const rendered = `this is in ${kind} "${name}" as kustomize makes it`;
  return { ...finding, why: finding.why === undefined ? rendered : `${finding.why}\n${rendered}` };
}

/** Whether a finding in what a kustomization is put together from says why it cannot be built. */
function isExplained(root: RenderRoot, findings: readonly Finding[]): boolean {
  const { folder } = root.kustomization;
  const own = new Set(listOwnFiles(root));
  return findings.some(({ rule, code, where: { file } }) => {
    if (code === "KUSTOMIZATION_TWICE") return path.posix.dirname(file) === (folder || ".");
    return own.has(file) && explaining.has(rule);
  });
}

/** The rules that tell, with the place, what kustomize stops at. */
const explaining = new Set([
  "alias",
  "duplicate-key",
  "duplicate-object",
  "kustomization",
  "schema",
  "syntax",
]);

/** That kustomize refuses it, as a finding. */
function explainFailure({ kustomization }: RenderRoot, failure: string) {
  return toFinding(
    kustomizationBuilds,
    {
      message: "kustomize cannot build this",
      why: readFailure(failure),
      fix: "Correct what it names",
    },
    { file: kustomization.manifest.file, line: 1, column: 1 },
  );
}

/** kubectl puts the words of kustomize into a line of its log. */
function readFailure(stderr: string): string {
  const [, logged] = /\berr="((?:[^"\\]|\\.)*)"/.exec(stderr) ?? [];
  const text = logged === undefined ? stderr : logged.replaceAll(/\\(.)/g, "$1");
  return text.trim().replace(/^error: /i, "");
}

async function readExactly(file: string, text: string): Promise<unknown[]> {
  const read = await readDocuments(file, text);
  return read instanceof InfraError ? [] : read.map(({ value }) => value);
}
