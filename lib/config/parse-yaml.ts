import type { Document, LineCounter, ParsedNode } from "yaml";
import { InfraError, type Place } from "../errors.ts";
import type { DataPath, Locate } from "../schema/explain.ts";
import { listPlainScalars, type PlainScalar } from "./plain-scalars.ts";
import { explainSyntax, notYaml, placeOf, tooDeep, type YamlText } from "./yaml-errors.ts";

export interface YamlSource {
  value: unknown;
  locate: Locate;
  /** Every scalar without quotes and without a tag, keys among them, in the order of the file. */
  listPlainScalars(): PlainScalar[];
}

type Yaml = typeof import("yaml");

/** Of a map or a list; two for each map above it. Ten times as many as the schemas of CRDs have. */
const mostAncestors = 1000;
/** Characters of a text that is read without a look at what it is made of. */
const mostUnseen = 100_000;
/** Mistakes at the top of a document. */
const mostErrors = 100;
/** Brackets and braces that are not closed. */
const mostOpen = 10_000;

/**
 * Reads one YAML document as Ansible would, `<<` included, but with YAML 1.2's plain words: `yes`
 * is a string. `file` is the name for messages. Throws CONFIG_SYNTAX, CONFIG_KEY_DUPLICATE and
 * CONFIG_ALIAS_INVALID, with the place, and FILE_TOO_DEEP.
 */
export async function parseYaml(text: string, file: string): Promise<YamlSource> {
  const yaml = await import("yaml");
  const lineCounter = new yaml.LineCounter();
  return refuseDepth(text, file, () => {
    const document = yaml.parseDocument(text, buildOptions(lineCounter));
    return readDocument(yaml, document, { text, file, lineCounter });
  });
}

/**
 * Reads every document of a YAML text as parseYaml reads one; the empty ones are left out. Throws
 * what parseYaml throws, for the first mistake.
 */
export async function parseYamlDocuments(text: string, file: string): Promise<YamlSource[]> {
  const yaml = await import("yaml");
  const lineCounter = new yaml.LineCounter();
  return refuseDepth(text, file, () => {
    refuseNonsense(yaml, { text, file, lineCounter });
    const documents = yaml.parseAllDocuments(text, buildOptions(lineCounter));
    if (!Array.isArray(documents)) return [];
    return documents
      .map((document) => readDocument(yaml, document, { text, file, lineCounter }))
      .filter(({ value }) => value !== null);
  });
}

/** The library calls itself for every level, and so do those who look at what it has read. */
function refuseDepth<T>(text: string, file: string, read: () => T): T {
  if (isHopeless(text)) throw tooDeep(file);
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(file);
    throw error;
  }
}

/**
 * The library collects every mistake before it returns, which takes minutes for a file of megabytes
 * that is something else altogether.
 */
function refuseNonsense(yaml: Yaml, { text, file, lineCounter }: YamlText): void {
  if (text.length < mostUnseen) return;
  let errors = 0;
  for (const token of new yaml.Parser(lineCounter.addNewLine).parse(text)) {
    if (token.type !== "error" && token.type !== "directive") continue;
    errors += 1;
    if (errors > mostErrors) throw notYaml(placeOf(file, lineCounter, token.offset));
  }
}

/** Whether it is so deep that reading it would take minutes; brackets within texts count too. */
function isHopeless(text: string): boolean {
  if (/(?:[-?] ){1000}/.test(text)) return true;
  let open = 0;
  for (let at = 0; at < text.length && open < mostOpen; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) open += 1;
    else if ((code === 0x5d || code === 0x7d) && open > 0) open -= 1;
  }
  return open === mostOpen;
}

/** Pretty errors and warnings would quote the text: it may be a password. */
function buildOptions(lineCounter: LineCounter) {
  return { lineCounter, merge: true, prettyErrors: false, logLevel: "error" } as const;
}

function readDocument(yaml: Yaml, document: Document.Parsed, source: YamlText): YamlSource {
  const { file, lineCounter } = source;
  const [error] = document.errors;
  if (error !== undefined) throw explainSyntax(error, source);
  const lastAlias = checkNodes(yaml, document, file, lineCounter);
  return {
    value: toValue(document, lastAlias ?? { file }),
    locate: createLocator(yaml, document, file, lineCounter),
    listPlainScalars: () => listPlainScalars(yaml, document),
  };
}

/** The place of the last alias; undefined without any. Throws as parseYaml does. */
function checkNodes(
  yaml: Yaml,
  document: Document.Parsed,
  file: string,
  lineCounter: LineCounter,
): Place | undefined {
  let last: Place | undefined;
  yaml.visit(document, {
    Collection(_key, _node, ancestors) {
      if (ancestors.length > mostAncestors) throw tooDeep(file);
    },
    Pair(_key, { key }, ancestors) {
      if (!yaml.isCollection(key)) return;
      const map = ancestors.at(-1);
      const start = yaml.isMap(map) && map.flow === true ? map : key;
      throw new InfraError({
        code: "CONFIG_SYNTAX",
        message: "a map or a list stands here as a key",
        where: placeOf(file, lineCounter, start.range?.[0]),
        why: "braces begin a map, and a key has to be a text",
        fix: 'Put the value in quotes if it is a template, such as "{{ name }}"',
      });
    },
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
