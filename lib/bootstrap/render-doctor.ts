import { renderTable } from "../cli/table.ts";
import type { Check, DoctorReport } from "./check.schema.ts";
import { renderFinding } from "./describe-unfit.ts";

const marks = { ok: "ok", finding: "FIX", note: "note" } as const;

/**
 * The report for a person: one line for each tool, file, variable and host that is well, and one for
 * each finding, with its cause and what to do.
 */
export function renderDoctor({ checks, findings }: DoctorReport): string {
  const rows = [...Map.groupBy(checks, nameSubject)].flatMap(([subject, group]) =>
    renderSubject(subject, group),
  );
  const table = renderTable(rows, ["", "WHAT", "RESULT"]);
  const end = findings === 0 ? "Nothing to do" : `${findings} to fix`;
  return `${table}\n${end}\n`;
}

/** On this machine each check stands for itself. */
function nameSubject({ about, check }: Check): string {
  return about === "this machine" ? check : about;
}

function renderSubject(subject: string, group: Check[]): string[][] {
  const findings = group.filter(({ state }) => state === "finding");
  if (findings.length > 0)
    return findings.map((one) => [marks.finding, subject, renderFinding(one)]);
  const state = group.some((one) => one.state === "note") ? "note" : "ok";
  return [[marks[state], subject, group.map(({ says }) => says).join(", ")]];
}
