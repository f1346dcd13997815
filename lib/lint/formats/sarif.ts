import type { Report } from "../report.ts";
import type { Rule } from "../rule.ts";

/** SARIF 2.1.0, which code scanning of GitHub and many editors read. */
export function renderSarif({ findings }: Report, rules: readonly Rule[]): string {
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "infra-k3s validate",
            rules: rules.map(({ id, summary, why }) => ({
              id,
              shortDescription: { text: summary },
              fullDescription: { text: why },
            })),
          },
        },
        results: findings.map(({ rule, code, message, why, fix, where }) => ({
          ruleId: rule,
          level: "error",
          message: {
            text: [`${message} [${code}]`, ...(why === undefined ? [] : [why]), fix].join("\n"),
          },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: encodeURI(where.file) },
                region: { startLine: where.line ?? 1, startColumn: where.column ?? 1 },
              },
            },
          ],
        })),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}
