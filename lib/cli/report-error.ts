import { describeError, InfraError, type Place } from "../errors.ts";

/** An error as a person reads it, and as --json prints it. */
export interface ErrorReport {
  code: string;
  message: string;
  where?: Place;
  why?: string;
  fix?: string;
}

/** What there is to say about an error; what is not an InfraError is a defect of ours. */
export function describeFailure(error: unknown): ErrorReport {
  if (!(error instanceof InfraError)) return describeDefect(error);
  const { code, message, where, why, fix } = error;
  return {
    code,
    message,
    ...(where === undefined ? {} : { where }),
    ...(why === undefined ? {} : { why }),
    ...(fix === undefined ? {} : { fix }),
  };
}

/** The lines that a person sees on stderr. */
export function renderReport(report: ErrorReport): string {
  const lines = [`error: ${align(report.message)}  [${report.code}]`];
  if (report.where !== undefined) lines.push(`  at   ${renderPlace(report.where)}`);
  if (report.why !== undefined) lines.push(`  why  ${align(report.why)}`);
  if (report.fix !== undefined) lines.push(`  fix  ${align(report.fix)}`);
  return `${lines.join("\n")}\n`;
}

/** The stack of an error and of what caused it; no other property, those may hold credentials. */
export function renderStack(error: unknown): string {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  for (let one = error; one !== undefined && !seen.has(one);) {
    seen.add(one);
    stacks.push((one instanceof Error ? one.stack : undefined) ?? describeError(one));
    one = one instanceof Error ? one.cause : undefined;
  }
  return `${stacks.join("\ncaused by ")}\n`;
}

function describeDefect(error: unknown): ErrorReport {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    code: "INFRA_DEFECT",
    message: "sorry, this is a defect of infra-k3s",
    why: `${what}\nNode ${process.version} on ${process.platform} ${process.arch}`,
    fix: "Report it as an issue: these lines, the command line, and the stack that --verbose prints",
  };
}

function renderPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

/** Puts the lines after the first one under it; they keep their indentation among themselves. */
function align(text: string): string {
  const [first = "", ...rest] = removeControls(text).trimEnd().split("\n");
  const indents = rest.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const common = Math.min(...indents);
  return [first, ...rest.map((line) => `       ${line.slice(common)}`.trimEnd())].join("\n");
}

/** What comes from outside must not move the cursor. */
function removeControls(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]/gu, "");
}
