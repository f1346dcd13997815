import type { Document, LineCounter, ParsedNode, YAMLParseError } from "yaml";
import { InfraError, type Place } from "../errors.ts";
import type { DataPath, Locate } from "../schema/explain.ts";

export interface YamlSource {
  value: unknown;
  locate: Locate;
  /** Every scalar without quotes and without a tag, keys among them, in the order of the file. */
  listPlainScalars(): PlainScalar[];
}

export interface PlainScalar {
  /** As it is written. */
  text: string;
  /** As YAML 1.2 reads it. */
  value: unknown;
  /** Where it begins, in characters from the start of the file. */
  offset: number;
  isKey: boolean;
  /** The keys that it stands under, the nearest last; of a key, those above it. */
  under: readonly string[];
}

type Yaml = typeof import("yaml");

/**
 * Reads one YAML document as Ansible would, `<<` included, but with YAML 1.2's plain words: `yes`
 * is a string. `file` is the name for messages. Throws CONFIG_SYNTAX, CONFIG_KEY_DUPLICATE and
 * CONFIG_ALIAS_INVALID, with the place.
 */
export async function parseYaml(text: string, file: string): Promise<YamlSource> {
  const yaml = await import("yaml");
  const lineCounter = new yaml.LineCounter();
  // prettyErrors would quote the line, as some messages end with a text: it may be a password.
  const document = yaml.parseDocument(text, { lineCounter, merge: true, prettyErrors: false });
  return readDocument(yaml, document, { text, file, lineCounter });
}

/**
 * Reads every document of a YAML text as parseYaml reads one; the empty ones are left out. Throws
 * what parseYaml throws, for the first mistake.
 */
export async function parseYamlDocuments(text: string, file: string): Promise<YamlSource[]> {
  const yaml = await import("yaml");
  const lineCounter = new yaml.LineCounter();
  const options = { lineCounter, merge: true, prettyErrors: false };
  const documents = yaml.parseAllDocuments(text, options);
  if (!Array.isArray(documents)) return [];
  return documents
    .map((document) => readDocument(yaml, document, { text, file, lineCounter }))
    .filter(({ value }) => value !== null);
}

interface Source {
  text: string;
  file: string;
  lineCounter: LineCounter;
}

function readDocument(yaml: Yaml, document: Document.Parsed, source: Source): YamlSource {
  const { file, lineCounter } = source;
  const [error] = document.errors;
  if (error !== undefined) throw explainSyntax(error, source);
  const lastAlias = checkAliases(yaml, document, file, lineCounter);
  return {
    value: toValue(document, lastAlias ?? { file }),
    locate: createLocator(yaml, document, file, lineCounter),
    listPlainScalars: () => listPlainScalars(yaml, document),
  };
}

function listPlainScalars(yaml: Yaml, document: Document.Parsed): PlainScalar[] {
  const scalars: PlainScalar[] = [];
  yaml.visit(document, {
    Scalar(role, node, ancestors) {
      const { type, tag, source, value, range } = node;
      if (type !== "PLAIN" || tag !== undefined || source === undefined || source === "") return;
      const isKey = role === "key";
      const above = isKey ? ancestors.slice(0, -1) : ancestors;
      const under = above.flatMap((one) => (yaml.isPair(one) ? [readKey(yaml, one.key)] : []));
      scalars.push({ text: source, value, offset: range?.[0] ?? 0, isKey, under });
    },
  });
  return scalars;
}

function readKey(yaml: Yaml, key: unknown): string {
  return yaml.isScalar(key) ? String(key.value) : "";
}

/** What the library calls by names of its own grammar. */
const plainWords: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY:
    "a text with a colon in it has to be in quotes, and a key stands below the one before it",
  BAD_INDENT: "this line is not indented as those that it belongs to, or a bracket is not closed",
  MULTILINE_IMPLICIT_KEY: "this line has no colon, or none with a blank behind it",
  TAB_AS_INDENT: "tabs are not allowed as indentation",
};

function explainSyntax(error: YAMLParseError, { text, file, lineCounter }: Source): InfraError {
  const where = placeOf(file, lineCounter, findMistake(error, text));
  if (error.code === "DUPLICATE_KEY") return duplicateKey(readKeyAt(text, error.pos), where);
  return new InfraError({
    code: "CONFIG_SYNTAX",
    message: "this is not a YAML document",
    where,
    why: plainWords[error.code] ?? error.message.replace(/: .*$/s, ""),
    fix: "Correct the line, or the indentation above it",
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

/** The place of the last alias; undefined without any. Throws CONFIG_ALIAS_INVALID. */
function checkAliases(
  yaml: Yaml,
  document: Document.Parsed,
  file: string,
  lineCounter: LineCounter,
): Place | undefined {
  let last: Place | undefined;
  yaml.visit(document, {
    Alias(_key, alias, ancestors) {
      const target = alias.resolve(document);
      last = placeOf(file, lineCounter, alias.range?.[0]);
      if (target !== undefined && !ancestors.includes(target)) return;
      throw new InfraError({
        code: "CONFIG_ALIAS_INVALID",
        message:
          target === undefined
            ? "this alias has no anchor above it"
            : "this alias stands inside its own anchor",
        where: last,
        // Not by name: it may be a password that begins with "*".
        fix: "Put it in quotes if it is a text, or else write out the value that is meant",
      });
    },
  });
  return last;
}

function toValue(document: Document.Parsed, lastAlias: Place): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // Aliases of aliases that grow without bounds end here.
    throw new InfraError({
      code: "CONFIG_ALIAS_INVALID",
      message: "the aliases up to here cannot be resolved",
      where: lastAlias,
      why: cause instanceof Error ? cause.message : String(cause),
      fix: "Write the values out",
      cause,
    });
  }
}

/** Finds the place of the deepest part of a path that the file spells out. */
function createLocator(
  yaml: Yaml,
  document: Document.Parsed,
  file: string,
  lineCounter: LineCounter,
): Locate {
  return (path: DataPath, part: "key" | "value"): Place => {
    let node: ParsedNode | null = document.contents;
    let key: number | undefined;
    for (const step of path) {
      const found = findChild(yaml, document, node, step);
      if (found === undefined) break;
      node = found.node;
      key = found.keyStart;
    }
    // An empty value stands nowhere: its key does.
    const start = part === "key" ? (key ?? node?.range[0]) : (node?.range[0] ?? key);
    return placeOf(file, lineCounter, start);
  };
}

interface Child {
  node: ParsedNode | null;
  keyStart: number | undefined;
}

function findChild(
  yaml: Yaml,
  document: Document.Parsed,
  parent: ParsedNode | null,
  step: string,
): Child | undefined {
  const node = yaml.isAlias(parent) ? parent.resolve(document) : parent;
  if (yaml.isSeq(node)) {
    const item = node.items[Number(step)] as ParsedNode | undefined;
    return item === undefined ? undefined : { node: item, keyStart: item.range[0] };
  }
  if (!yaml.isMap(node)) return undefined;
  for (const pair of node.items) {
    const key = pair.key as ParsedNode | null;
    if (!yaml.isScalar(key) || String(key.value) !== step) continue;
    const value = pair.value as ParsedNode | null;
    const empty = yaml.isScalar(value) && value.value === null && value.source === "";
    return { node: empty ? null : value, keyStart: key.range?.[0] };
  }
  return undefined;
}

/** `offset` counts characters; without one the place is the start of the file. */
function placeOf(file: string, lineCounter: LineCounter, offset: number | undefined): Place {
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
