import t from "tap";
import { capFindings } from "../../lib/lint/cap-findings.ts";
import { mostOfRule } from "../../lib/lint/locate-finding.ts";
import type { Finding } from "../../lib/lint/rule.ts";

function createFindings(rule: string, file: string, count: number): Finding[] {
  return Array.from({ length: count }, (_, index) => ({
    rule,
    code: "CODE",
    message: "it is wrong",
    where: { file, line: index + 1, column: 1 },
    fix: "Correct it",
  }));
}

t.test(
  "of one rule in one file the first findings are told, and that there are more",
  async (t) => {
    const many = createFindings("schema", "many.yaml", mostOfRule + 20);
    const others = [
      ...createFindings("schema", "few.yaml", mostOfRule),
      ...createFindings("image-unpinned", "many.yaml", mostOfRule),
    ];
    const told = capFindings([...many, ...others]);
    t.strictSame(told.slice(0, mostOfRule), many.slice(0, mostOfRule));
    t.match(told[mostOfRule], {
      code: "FILE_MISTAKES_MANY",
      message: /rule schema/,
      where: { file: "many.yaml", line: mostOfRule + 1 },
    });
    t.strictSame(told.slice(mostOfRule + 1), others);
  },
);
