import { exitCodes } from "../errors.ts";
import { type Command, type Flag, renderFlag } from "./define-command.ts";

const helpFlag: Flag = { type: "boolean", help: "show this" };

const exitCodeMeanings: Record<keyof typeof exitCodes, string> = {
  done: "done, or nothing to do, or a dry run without blockers",
  findings: "ran, and found something wrong",
  badInput: "bad input or a blocked plan: nothing was changed",
  needsPerson: "a person has to decide: nothing was changed, or everything was undone",
  failed: "failed before the first irreversible step: run the same command again",
  halfDone: "failed after the first irreversible step: the message says what is half done",
  bug: "a defect of infra-k3s itself",
  interrupted: "interrupted from the keyboard; the journal is written",
};

/** The text of --help: what it does, examples, usage, flags, exit codes. */
export function renderHelp(command: Command): string {
  const examples = command.examples.map(({ line, does }) => `  ${line}\n      ${does}`);
  const codes = listExitCodes().map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`);
  const sections = [
    command.summary,
    ...(examples.length === 0 ? [] : [`Examples:\n${examples.join("\n")}`]),
    `Usage:\n  ${renderUsage(command)}`,
    `Flags:\n${renderFlags(command)}`,
    `Exit codes:\n${codes.join("\n")}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

/** The command line in short: required flags, and that there may be others. */
export function renderUsage(
  command: Pick<Command, "script" | "flags" | "operand" | "rest">,
): string {
  const required = Object.entries(command.flags).filter(([, flag]) => isRequired(flag));
  const parts = required.map(([name, flag]) => renderFlag(name, flag));
  const operand = command.operand === undefined ? [] : [renderOperand(command.operand)];
  const rest = command.rest === undefined ? [] : [`[-- ${command.rest}]`];
  return ["zx", command.script, ...operand, ...parts, "[flags]", ...rest].join(" ");
}

function renderOperand({ value, required }: NonNullable<Command["operand"]>): string {
  return required ? value : `[${value}]`;
}

/** The operand and every flag as it is written and what it does, `--help` last. */
export function listFlags({
  flags,
  operand,
}: Pick<Command, "flags" | "operand">): [written: string, does: string][] {
  const first: [string, string][] = operand === undefined ? [] : [[operand.value, operand.help]];
  const all: [string, Flag][] = [...Object.entries(flags), ["help", helpFlag]];
  return [
    ...first,
    ...all.map(([name, flag]): [string, string] => [renderFlag(name, flag), describeFlag(flag)]),
  ];
}

/** Every exit code and what it promises. */
export function listExitCodes(): [code: string, meaning: string][] {
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  return names.map((name) => [String(exitCodes[name]), exitCodeMeanings[name]]);
}

function renderFlags(command: Pick<Command, "flags" | "operand">): string {
  const rows = listFlags(command);
  const width = Math.max(...rows.map(([written]) => written.length));
  return rows.map(([written, does]) => `  ${written.padEnd(width)}  ${does}`).join("\n");
}

function describeFlag(flag: Flag): string {
  if (flag.type === "boolean") return flag.help;
  const notes: string[] = [];
  if (flag.required) notes.push("required");
  if (flag.oneOf !== undefined) notes.push(`one of: ${flag.oneOf.join(", ")}`);
  if (flag.default !== undefined) notes.push(`default: ${flag.default}`);
  return notes.length === 0 ? flag.help : `${flag.help} (${notes.join("; ")})`;
}

function isRequired(flag: Flag): boolean {
  return flag.type === "string" && flag.required === true;
}
