import { parseArgs } from "node:util";
import { InfraError } from "../errors.ts";
import {
  type Command,
  type Flag,
  type FlagTable,
  type FlagValues,
  renderFlag,
} from "./define-command.ts";
import { findNearest } from "./suggest.ts";

type Token = NonNullable<ReturnType<typeof readTokens>>[number];
type OptionToken = Extract<Token, { kind: "option" }>;

/**
 * The values of a command's flags, and its operand. Throws, all with exit code 2, CLI_FLAG_UNKNOWN,
 * CLI_FLAG_MISSING, CLI_FLAG_REPEATED, CLI_VALUE_MISSING, CLI_VALUE_INVALID, CLI_ARGUMENT_UNEXPECTED
 * and CLI_ARGUMENT_MISSING.
 */
export function parseFlags<Flags extends FlagTable>(
  command: Pick<Command<Flags>, "script" | "flags" | "operand">,
  args: string[],
): { flags: FlagValues<Flags>; operand: string | undefined } {
  const { flags, script } = command;
  const seen = new Set<string>();
  let operand: string | undefined;
  for (const token of readTokens(flags, args)) {
    if (token.kind === "option") {
      checkOption(token, args, command);
      if (seen.has(token.name)) throw repeated(token.name);
      seen.add(token.name);
    } else if (token.kind === "positional") {
      if (command.operand === undefined || operand !== undefined || token.value === "") {
        throw unexpected(token.value, command);
      }
      operand = token.value;
    }
  }
  if (command.operand?.required && operand === undefined)
    throw argumentMissing(command.operand, script);
  checkRequired(flags, seen, script);
  // Strict, though everything it refuses is refused above, in words that fit our flags.
  const options = listOptions(flags);
  const { values } = parseArgs({ args, options, strict: true, allowPositionals: true });
  const entries = Object.entries(flags).map(([name, flag]) => {
    const absent = flag.type === "boolean" ? false : flag.default;
    return [toCamelCase(name), values[name] ?? absent];
  });
  return { flags: Object.fromEntries(entries) as FlagValues<Flags>, operand };
}

function listOptions(flags: FlagTable): Record<string, { type: Flag["type"] }> {
  const entries = Object.entries(flags).map(([name, { type }]) => [name, { type }] as const);
  return Object.fromEntries(entries);
}

function readTokens(flags: FlagTable, args: string[]) {
  const options = listOptions(flags);
  return parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function checkOption(
  token: OptionToken,
  args: string[],
  { flags, script }: Pick<Command, "flags" | "script">,
): void {
  const { name, value, inlineValue } = token;
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) throw unknown(args[token.index] ?? token.rawName, flags, script);
  if (flag.type === "boolean") {
    if (value === undefined) return;
    throw new InfraError({
      code: "CLI_VALUE_INVALID",
      message: `--${name} takes no value`,
      why: `"${value}" was given`,
      fix: `Write --${name}, or leave it out`,
    });
  }
  // "--source-node --target-node b": the second flag is not the value of the first one.
  const isFlagLike = inlineValue === false && value.length > 1 && value.startsWith("-");
  if (value === undefined || value === "" || isFlagLike) {
    throw new InfraError({
      code: "CLI_VALUE_MISSING",
      message: `--${name} has no value`,
      ...(isFlagLike ? { why: `"${value}" follows it, which looks like a flag` } : {}),
      ...(value === "" ? { why: "the value is empty" } : {}),
      fix: isFlagLike
        ? `Write ${renderFlag(name, flag)}, or --${name}=${value} if that is the value`
        : `Write ${renderFlag(name, flag)}`,
    });
  }
  if (flag.oneOf === undefined || flag.oneOf.includes(value)) return;
  const nearest = findNearest(value, flag.oneOf);
  throw new InfraError({
    code: "CLI_VALUE_INVALID",
    message: `--${name} cannot be "${value}"`,
    why: `it is one of: ${flag.oneOf.join(", ")}`,
    fix:
      nearest === undefined
        ? `Give one of them: --${name} ${flag.oneOf[0]}`
        : `did you mean --${name} ${nearest} ?`,
  });
}

function checkRequired(flags: FlagTable, seen: Set<string>, script: string): void {
  const missing = Object.entries(flags).filter(
    ([name, flag]) => flag.type === "string" && flag.required && !seen.has(name),
  );
  if (missing.length === 0) return;
  const names = missing.map(([name]) => `--${name}`).join(", ");
  throw new InfraError({
    code: "CLI_FLAG_MISSING",
    message: `${names} ${missing.length === 1 ? "is" : "are"} missing`,
    why: missing.map(([name, flag]) => `--${name}: ${flag.help}`).join("\n"),
    fix: `Add ${missing.map(([name, flag]) => renderFlag(name, flag)).join(" ")}\n${seeHelp(script)}`,
  });
}

function argumentMissing(
  { value, help }: NonNullable<Command["operand"]>,
  script: string,
): InfraError {
  return new InfraError({
    code: "CLI_ARGUMENT_MISSING",
    message: `${value} is missing`,
    why: `${value}: ${help}`,
    fix: `Add ${value}\n${seeHelp(script)}`,
  });
}

function unknown(written: string, flags: FlagTable, script: string): InfraError {
  const [name = written] = written.split("=", 1);
  const nearest = findFlag(name, flags);
  return new InfraError({
    code: "CLI_FLAG_UNKNOWN",
    message: `unknown flag ${name}`,
    fix: nearest === undefined ? seeHelp(script) : `did you mean --${nearest} ?`,
  });
}

function repeated(name: string): InfraError {
  return new InfraError({
    code: "CLI_FLAG_REPEATED",
    message: `--${name} is given more than once`,
    fix: `Give --${name} once`,
  });
}

function unexpected(
  value: string,
  { flags, script }: Pick<Command, "flags" | "script">,
): InfraError {
  // An editor or a chat turns "--" into a dash, and a hasty hand leaves it out.
  const nearest = findFlag(value, flags);
  return new InfraError({
    code: "CLI_ARGUMENT_UNEXPECTED",
    message: `unexpected argument "${value}"`,
    why: "every value follows the flag that it is for",
    fix: nearest === undefined ? seeHelp(script) : `did you mean --${nearest} ?`,
  });
}

function findFlag(written: string, flags: FlagTable): string | undefined {
  const name = written.replace(/^[-\u2010-\u2015\u2212]+/, "");
  const names = [...Object.keys(flags), "help"];
  const begun = name.length < 2 ? [] : names.filter((one) => one.startsWith(name));
  return findNearest(name, names) ?? (begun.length === 1 ? begun[0] : undefined);
}

function seeHelp(script: string): string {
  return `See zx ${script} --help`;
}

function toCamelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
