import { mostOfRule, toFinding } from "./locate-finding.ts";
import type { Finding } from "./rule.ts";
import { file as fileRule } from "./rules/file.ts";

/** The first findings of each rule in each file, and that there are more; they are in the order of the files. */
export function capFindings(findings: readonly Finding[]): Finding[] {
  const counts = new Map<string, number>();
  return findings.flatMap((finding) => {
    const { rule, where } = finding;
    const key = `${rule} ${where.file}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count <= mostOfRule) return [finding];
    if (count > mostOfRule + 1) return [];
    const fault = {
      code: "FILE_MISTAKES_MANY",
      message: `from here on, rule ${rule} finds more in this file`,
      why: `the first ${mostOfRule} are told`,
      fix: "Correct those, and validate again",
    };
    return [toFinding(fileRule, fault, where)];
  });
}
