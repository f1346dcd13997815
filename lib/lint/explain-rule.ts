import { findNearest } from "../cli/suggest.ts";
import { InfraError } from "../errors.ts";
import type { Rule } from "./rule.ts";
import { rules } from "./rules.ts";

/** The page of a rule. Throws VALIDATE_RULE_UNKNOWN. */
export function explainRule(id: string): { text: string; json: Rule } {
  const rule = rules.find((one) => one.id === id || (one.codes as readonly string[]).includes(id));
  if (rule !== undefined) return { text: renderRule(rule), json: rule };
  const ids = rules.map((one) => one.id);
  const nearest = findNearest(id, ids);
  throw new InfraError({
    code: "VALIDATE_RULE_UNKNOWN",
    message: `there is no rule "${id}"`,
    why: `the rules are: ${ids.join(", ")}`,
    fix: nearest === undefined ? "Give one of them" : `did you mean --explain ${nearest} ?`,
  });
}

/** A rule as a part of a Markdown page. */
export function renderRule({ id, codes, summary, why, example }: Rule): string {
  return [
    `## ${id}`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    why,
    `Told as ${codes.map((code) => `\`${code}\``).join(", ")}.`,
    `Refused:\n\n\`\`\`yaml\n${example.bad}\n\`\`\``,
    `Right:\n\n\`\`\`yaml\n${example.good}\n\`\`\``,
  ].join("\n\n");
}

/** The page of all rules. */
export function renderRules(): string {
  const head = [
    "# Rules of validate",
    "`npm run validate` holds every file of the repository against these; `--explain RULE` shows one of them. What a rule finds and a person accepts for a while goes into `config/lint-ignore.yaml`, with the reason and the day on which it ends.",
  ];
  return `${[...head, ...rules.map(renderRule)].join("\n\n")}\n`;
}
