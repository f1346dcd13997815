import type { ExitCode } from "../errors.ts";
import type { Terminal } from "./terminal.ts";

export interface StringFlag {
  type: "string";
  /** What stands for the value in the help: NODE, FILE. */
  value?: string;
  required?: true;
  default?: string;
  /** The only values that are taken. */
  oneOf?: readonly string[];
  help: string;
}

export interface BooleanFlag {
  type: "boolean";
  help: string;
}

export type Flag = StringFlag | BooleanFlag;

/** The flags of a command by name, kebab-case and without dashes; `help` is always there. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** The parsed flags under their camelCase names; `source-node` becomes `sourceNode`. */
export type FlagValues<Flags extends FlagTable> = {
  [Name in keyof Flags & string as Camel<Name>]: FlagValue<Flags[Name]>;
};

export interface CommandInput<Flags extends FlagTable> {
  flags: FlagValues<Flags>;
  /** What stands behind `--`; empty unless the command has a `rest`. */
  rest: string[];
  /** The one value without a flag; undefined when it is not given. */
  operand: string | undefined;
}

export interface CommandResult {
  exitCode: ExitCode;
  /** Goes to stdout without --json. */
  text: string;
  /** The `result` of the document that goes to stdout with --json. */
  json: unknown;
}

/** A command line of ours: types, parser, help and reference page all come from this table. */
export interface Command<Flags extends FlagTable = FlagTable> {
  /** The script that runs it, relative to the repository's root: `scripts/dr/failover.ts`. */
  script: string;
  /** One sentence without a dot. */
  summary: string;
  /** Whole command lines, the most common one first. */
  examples: readonly { line: string; does: string }[];
  flags: Flags;
  /** The one value that may stand without a flag, or has to, as the help writes it: `DIR`. */
  operand?: { value: string; required?: true; help: string };
  /** What may follow `--`, as the help writes it: `PROGRAM ARGUMENT…`. It is left as it is. */
  rest?: string;
  run(input: CommandInput<Flags>, terminal: Terminal): Promise<CommandResult>;
}

/** Gives `run` the types that its flag table implies. */
export function defineCommand<const Flags extends FlagTable>(
  command: Command<Flags>,
): Command<Flags> {
  return command;
}

/** How a flag is written on a command line: `--source-node NODE`. */
export function renderFlag(name: string, flag: Flag): string {
  return flag.type === "boolean" ? `--${name}` : `--${name} ${flag.value ?? "VALUE"}`;
}

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

type FlagValue<One extends Flag> = One extends BooleanFlag
  ? boolean
  : One extends { required: true } | { default: string }
    ? Text<One>
    : Text<One> | undefined;

type Text<One extends Flag> = One extends { oneOf: readonly (infer Value)[] } ? Value : string;
