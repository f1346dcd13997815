import { readFileSync } from "node:fs";
import { loadVersions, type Versions, versionsFile } from "../config/versions.ts";
import { versionsSchema } from "../config/versions.schema.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { readPlain } from "../manifests/read-plain.ts";
import type { Catalog } from "../schema/catalog.ts";
import { openCatalog } from "../schema/open-catalog.ts";
import type { IgnoreEntry } from "./ignore.ts";
import { judge, type Judged } from "./judge.ts";
import { isSurelyValid } from "./judge-config.ts";
import type { Render } from "./judge-rendered.ts";
import { readSource, type SourceFile } from "./list-files.ts";
import { mostOfRule } from "./locate-finding.ts";
import type { Report } from "./report.ts";
import type { Finding } from "./rule.ts";
import { commonRules, loadCloseRules, loadRules } from "./rule-sets.ts";
import { buildSettings } from "./settings.ts";
import { withBroughtKinds } from "./with-brought-kinds.ts";

export interface Validation {
  /** Absolute; paths in findings are relative to it. */
  folder: string;
  /** The files to judge, relative to the folder. */
  files: readonly string[];
  /** What listing them has found. */
  findings?: readonly Finding[];
  /** As `2026-11-28`; decides what is still ignored. */
  today: string;
  render?: Render;
  /** Judge only what has changed since the last time. */
  withCache?: boolean;
}

export interface Validated {
  report: Report;
  /** The objects as the cluster gets them. */
  manifests: readonly Manifest[];
  /** The schemas, with the kinds that the folder itself brings. */
  catalog: Catalog;
}

/** Judges files of a folder by all rules. Throws what loadVersions throws. */
export async function validateFolder(validation: Validation): Promise<Validated> {
  const { folder, files, today, render, withCache = false } = validation;
  const findings = [...(validation.findings ?? [])];
  const sources: SourceFile[] = [];
  for (const file of files) {
    const read = readSource(folder, file);
    if ("text" in read) sources.push(read);
    else findings.push(read);
  }
  const settings = buildSettings(await readVersions());
  const catalog = withBroughtKinds(openCatalog(settings.minor), sources);
  const cache = withCache
    ? (await import("./cache.ts")).openCache(folder, sources, catalog)
    : undefined;
  const judged = await judge(sources, {
    rules: commonRules,
    loadRules,
    loadCloseRules,
    catalog,
    settings,
    ...(render === undefined ? {} : { render }),
    ...(cache === undefined ? {} : { cache }),
  });
  await cache?.save();
  findings.push(...judged.findings);
  const { findings: left, ignored } = await ignore(findings, judged, { sources, today });
  const counts = { ...judged.counts, files: files.length, ignored };
  return { report: { findings: await cap(left), counts }, manifests: judged.manifests, catalog };
}

async function ignore(
  findings: Finding[],
  { values, halfJudged }: Judged,
  { sources, today }: { sources: readonly SourceFile[]; today: string },
): Promise<{ findings: Finding[]; ignored: number }> {
  const file = "config/lint-ignore.yaml";
  const list = values.get(file) as { ignore: IgnoreEntry[] } | undefined;
  if (list === undefined) return { findings, ignored: 0 };
  const { applyIgnoreList } = await import("./ignore.ts");
  const text = sources.find((one) => one.file === file)?.text ?? "";
  return await applyIgnoreList(findings, { file, text, entries: list.ignore, halfJudged, today });
}

async function cap(findings: Finding[]): Promise<Finding[]> {
  if (findings.length <= mostOfRule) return findings;
  return (await import("./cap-findings.ts")).capFindings(findings);
}

/** The pinned versions of this repository, whatever folder is judged. Throws as loadVersions does. */
async function readVersions(): Promise<Versions> {
  const [value] = readPlain(readFileSync(versionsFile, "utf8")) ?? [];
  if (!isSurelyValid(versionsSchema, value)) return await loadVersions();
  return (value as { versions: Versions }).versions;
}
