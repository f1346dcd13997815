import path from "node:path";
import type { FromSchema } from "json-schema-to-ts";
import type { Finding } from "./rule.ts";
import { ignoreList } from "./rules/ignore-list.ts";
import type { ignoreSchema } from "./ignore.schema.ts";

export type IgnoreEntry = FromSchema<typeof ignoreSchema>["ignore"][number];

export const ignoreFile = "config/lint-ignore.yaml";

/**
 * The findings without those that the list accepts on `today`, as `2026-11-28`, and with those about
 * the list itself.
 */
export function applyIgnoreList(
  findings: readonly Finding[],
  entries: readonly IgnoreEntry[],
  today: string,
): { findings: Finding[]; ignored: number } {
  const used = new Set<IgnoreEntry>();
  const left = findings.filter((finding) => {
    const entry = entries.find((one) => matches(one, finding));
    if (entry === undefined) return true;
    used.add(entry);
    return entry.until < today;
  });
  const ofList = entries.flatMap((entry): Finding[] => {
    if (used.has(entry) && entry.until >= today) return [];
    return [explainEntry(entry, used.has(entry))];
  });
  return { findings: [...left, ...ofList], ignored: findings.length - left.length };
}

function matches(entry: IgnoreEntry, { rule, code, where }: Finding): boolean {
  return (
    entry.rule === rule &&
    (entry.code === undefined || entry.code === code) &&
    // Paths as in .gitignore: `**/app.yaml` is also the one at the top, which gobwas/glob denies.
    path.posix.matchesGlob(where.file, entry.file)
  );
}

function explainEntry(entry: IgnoreEntry, isUsed: boolean): Finding {
  const where = { file: ignoreFile };
  return isUsed
    ? {
        rule: ignoreList.id,
        code: "IGNORE_EXPIRED",
        message: `${entry.rule} in ${entry.file} was accepted until ${entry.until}`,
        where,
        why: entry.reason,
        fix: "Correct what is found, or decide anew and write another day",
      }
    : {
        rule: ignoreList.id,
        code: "IGNORE_UNUSED",
        message: `${entry.rule} in ${entry.file} finds nothing to ignore`,
        where,
        fix: "Remove the entry",
      };
}
