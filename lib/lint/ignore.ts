import path from "node:path";
import type { FromSchema } from "json-schema-to-ts";
import { toFinding } from "./locate-finding.ts";
import type { Fault, Finding } from "./rule.ts";
import { ignoreList } from "./rules/ignore-list.ts";
import type { ignoreSchema } from "./ignore.schema.ts";

export type IgnoreEntry = FromSchema<typeof ignoreSchema>["ignore"][number];

export interface IgnoreList {
  file: string;
  text: string;
  /** What the text says. */
  entries: readonly IgnoreEntry[];
  /** Files in which more may be found where kustomize is there, or a network. */
  halfJudged: ReadonlySet<string>;
  /** As `2026-11-28`. */
  today: string;
}

/** The findings without those that the list accepts today, and with those about the list itself. */
export async function applyIgnoreList(
  findings: readonly Finding[],
  { file, text, entries, halfJudged, today }: IgnoreList,
): Promise<{ findings: Finding[]; ignored: number }> {
  const used = new Set<IgnoreEntry>();
  const left = findings.filter((finding) => {
    const entry = entries.find((one) => matches(one, finding));
    if (entry === undefined) return true;
    used.add(entry);
    return entry.until < today;
  });
  const ignored = findings.length - left.length;
  const faults = entries.flatMap((entry, index) => {
    const fault = used.has(entry)
      ? explainExpired(entry, today)
      : explainUnused(entry, [...halfJudged]);
    return fault === undefined ? [] : [{ fault, at: ["ignore", String(index)] }];
  });
  if (faults.length === 0) return { findings: left, ignored };
  const { parseYaml } = await import("../config/parse-yaml.ts");
  const { locate } = await parseYaml(text, file);
  const ofList = faults.map(({ fault, at }) => toFinding(ignoreList, fault, locate(at, "value")));
  return { findings: [...left, ...ofList], ignored };
}

function matches(entry: IgnoreEntry, { rule, code, where }: Finding): boolean {
  return (
    entry.rule === rule &&
    (entry.code === undefined || entry.code === code) &&
    takesFile(entry, where.file)
  );
}

function takesFile(entry: IgnoreEntry, file: string): boolean {
  // As in .gitignore: `**/app.yaml` is also the one at the top, which gobwas/glob denies.
  return path.posix.matchesGlob(file, entry.file);
}

function explainExpired(entry: IgnoreEntry, today: string): Fault | undefined {
  if (entry.until >= today) return undefined;
  return {
    code: "IGNORE_EXPIRED",
    message: `${entry.rule} in ${entry.file} was accepted until ${entry.until}`,
    why: entry.reason,
    fix: "Correct what is found, or decide anew and write another day",
  };
}

function explainUnused(entry: IgnoreEntry, halfJudged: readonly string[]): Fault | undefined {
  if (halfJudged.some((file) => takesFile(entry, file))) return undefined;
  return {
    code: "IGNORE_UNUSED",
    message: `${entry.rule} in ${entry.file} finds nothing to ignore`,
    fix: "Remove the entry",
  };
}
