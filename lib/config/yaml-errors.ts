import type { LineCounter, YAMLParseError } from "yaml";
import { InfraError, type Place } from "../errors.ts";

/** A text of YAML, with what its places are counted by. */
export interface YamlText {
  text: string;
  file: string;
  lineCounter: LineCounter;
}

/** What the library calls by names of its own grammar. */
const plainWords: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY:
    "a text with a colon in it has to be in quotes, and a key stands below the one before it",
  BAD_INDENT: "this line is not indented as those that it belongs to, or a bracket is not closed",
  MULTILINE_IMPLICIT_KEY: "this line has no colon, or none with a blank behind it",
  TAB_AS_INDENT: "tabs are not allowed as indentation",
};

/** A mistake that the library has found, with the place where a person would look. */
export function explainSyntax(
  error: YAMLParseError,
  { text, file, lineCounter }: YamlText,
): InfraError {
  const where = placeOf(file, lineCounter, findMistake(error, text));
  if (error.code === "RESOURCE_EXHAUSTION") return tooDeep(file);
  if (error.code === "DUPLICATE_KEY") return duplicateKey(readKeyAt(text, error.pos), where);
  return new InfraError({
    code: "CONFIG_SYNTAX",
    message: "this is not a YAML document",
    where,
    why: plainWords[error.code] ?? error.message.replace(/: .*$/s, ""),
    fix: "Correct the line, or the indentation above it",
  });
}

/** That a text is no YAML at all. */
export function notYaml(where: Place): InfraError {
  return new InfraError({
    code: "CONFIG_SYNTAX",
    message: "this is not a YAML document",
    where,
    why: "nothing in it is what a document can begin with",
    fix: "Correct it, or take it out of this folder",
  });
}

/** Where a person would look: the library names the start of a line, or of a text that ends later. */
function findMistake({ code, pos: [start] }: YAMLParseError, text: string): number {
  const end = text.trimEnd().length;
  if (start >= end) return end;
  if (code === "BLOCK_AS_IMPLICIT_KEY") {
    const length = text.slice(start).search(/:(?:\s|$)/);
    const lineStart = text.lastIndexOf("\n", start + Math.max(length, 0)) + 1;
    if (lineStart > start) return skipBlanks(text, lineStart);
  }
  return code === "BAD_INDENT" ? skipBlanks(text, start) : start;
}

function skipBlanks(text: string, start: number): number {
  return start + text.slice(start).search(/[^ ]|$/);
}

/** That the readers give up on a text that has too many levels. */
export function tooDeep(file: string): InfraError {
  return new InfraError({
    code: "FILE_TOO_DEEP",
    message: "it is nested too deeply to be read",
    where: { file },
    fix: "Correct the brackets, or the indentation",
  });
}

/** `offset` counts characters; without one the place is the start of the file. */
export function placeOf(file: string, lineCounter: LineCounter, offset: number | undefined): Place {
  const { line, col } = lineCounter.linePos(offset ?? 0);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function readKeyAt(text: string, [start]: [number, number]): string {
  return /^["']?([^"':\n]*)/.exec(text.slice(start))?.[1]?.trim() ?? "";
}

function duplicateKey(key: string, where: Place): InfraError {
  return new InfraError({
    code: "CONFIG_KEY_DUPLICATE",
    message: `the key "${key}" stands here a second time`,
    where,
    why: "only one of the two values would be used",
    fix: "Keep one of them",
  });
}
