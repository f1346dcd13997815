import type { Command } from "./define-command.ts";
import { listExitCodes, listFlags, renderUsage } from "./render-help.ts";

/** A command's page in docs/reference, as Markdown. */
export function renderReference(command: Command): string {
  const examples = command.examples.map(({ line, does }) => `# ${does}\n${line}`);
  const sections = [
    `# ${command.script}`,
    `${command.summary}.`,
    ...(examples.length === 0 ? [] : [renderCode(examples.join("\n\n"))]),
    "## Usage",
    renderCode(renderUsage(command)),
    "## Flags",
    renderList("Flag", listFlags(command)),
    "## Exit codes",
    renderList("Code", listExitCodes()),
  ];
  return `${sections.join("\n\n")}\n`;
}

function renderCode(text: string): string {
  return `\`\`\`sh\n${text}\n\`\`\``;
}

function renderList(header: string, rows: [string, string][]): string {
  const lines = rows.map(([key, text]) => `| \`${key}\` | ${text.replaceAll("|", "\\|")} |`);
  return [`| ${header} | Meaning |`, "| --- | --- |", ...lines].join("\n");
}
