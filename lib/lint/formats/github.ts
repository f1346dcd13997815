import type { Report } from "../report.ts";

/** Workflow commands of GitHub Actions, which become annotations: `::error file=…,line=…::message`. */
export function renderGithub({ findings }: Report): string {
  return findings
    .map(({ where: { file, line = 1, column = 1 }, code, message, why, fix }) => {
      const properties = { file, line: String(line), col: String(column), title: code };
      const fields = Object.entries(properties).map(
        ([key, value]) => `${key}=${escape(value, true)}`,
      );
      const text = [message, ...(why === undefined ? [] : [why]), fix].join("\n");
      return `::error ${fields.join(",")}::${escape(text, false)}\n`;
    })
    .join("");
}

/** As the runner reads it back (actions/toolkit, packages/core/src/command.ts). */
function escape(text: string, isProperty: boolean): string {
  const data = text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return isProperty ? data.replaceAll(":", "%3A").replaceAll(",", "%2C") : data;
}
