/** Words that are no strings, or not for everybody: YAML 1.1 has more of them than YAML 1.2. */
const words = new Map<string, boolean | null | "unclear">([
  ...["true", "True", "TRUE"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE"].map((word) => [word, false] as const),
  ...["~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...["yes", "no", "on", "off", "y", "n"].flatMap((word) =>
    [word, word.toUpperCase(), word.charAt(0).toUpperCase() + word.slice(1)].map(
      (form) => [form, "unclear"] as const,
    ),
  ),
  ["=", "unclear"],
  ["<<", "unclear"],
]);

const integer = /^-?[1-9][0-9]{0,14}$/;
const decimal = /^-?(?:0|[1-9][0-9]{0,11})\.[0-9]{1,12}$/;
/** What some reader of YAML, old or new, takes for a number. */
const numberLike = new RegExp(
  [
    "^[-+]?(?:",
    String.raw`(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9]*)?`,
    "|0[xob][0-9a-fA-F_]+",
    String.raw`|[0-9][0-9_]*(?::[0-9]{1,2})+(?:\.[0-9_]*)?`,
    String.raw`|\.(?:inf|nan))$`,
  ].join(""),
  "i",
);
/** Anything but printable ASCII, line feeds and the letters of the basic plane. */
const unusual = /[^\n -~\u00a1-\u1fff\u3040-\ud7ff]/;
const plainKey = /^[A-Za-z_.$/][\w.$/-]*$/;
const quotedKey = /^(?:"[^"\\]*"|'[^']*')$/;
/** Characters that begin something else than a plain scalar. */
const indicators = new Set([...`&*!>%@\`#?:,]}|[{"'`]);
const deepest = 100;

const unclear = Symbol("unclear");

/**
 * The documents of a text that keeps to the plain part of YAML in which most manifests are written,
 * without the empty ones; undefined when anything in it needs a full reader, a mistake among it.
 * What it returns is what the package `yaml` returns for the same text, many times faster; and no
 * scalar in it is read differently by YAML 1.1 and YAML 1.2.
 */
export function readPlain(text: string): unknown[] | undefined {
  if (unusual.test(text) || !text.endsWith("\n")) return undefined;
  try {
    return readDocuments(text);
  } catch (error) {
    if (error === unclear) return undefined;
    throw error;
  }
}

function readDocuments(text: string): unknown[] {
  const length = text.length;
  /** The line that is looked at: where it begins behind its indentation, and where it ends. */
  let indent = 0;
  let start = 0;
  let end = -1;
  let isMarker = false;
  let depth = 0;

  function nextLine(): void {
    for (;;) {
      const from = end + 1;
      if (from >= length) {
        start = length;
        end = length;
        indent = -1;
        isMarker = false;
        return;
      }
      end = text.indexOf("\n", from);
      let at = from;
      while (text.charCodeAt(at) === 32) at += 1;
      const first = text.charCodeAt(at);
      if (at === end || first === 35) continue;
      start = at;
      indent = at - from;
      isMarker = indent === 0 && (first === 45 || first === 46 || first === 37) && readMarker();
      if (isMarker) indent = -1;
      return;
    }
  }

  function readMarker(): boolean {
    if (text.startsWith("---", start)) {
      if (text.slice(start + 3, end).trim() === "") return true;
      throw unclear;
    }
    if (text.startsWith("...", start) || text.charCodeAt(start) === 37) throw unclear;
    return false;
  }

  function isItem(): boolean {
    if (text.charCodeAt(start) !== 45) return false;
    const next = text.charCodeAt(start + 1);
    return next === 32 || next === 10;
  }

  function readBlock(): unknown {
    depth += 1;
    if (depth > deepest) throw unclear;
    const value = isItem() ? readSequence(indent) : readMapping(indent);
    depth -= 1;
    return value;
  }

  function readSequence(column: number): unknown[] {
    const items: unknown[] = [];
    while (indent === column && isItem()) {
      let at = start + 1;
      while (text.charCodeAt(at) === 32) at += 1;
      if (at === end) {
        nextLine();
        items.push(indent > column ? readBlock() : null);
        continue;
      }
      indent += at - start;
      start = at;
      if (isItem() || findColon() !== -1) items.push(readBlock());
      else items.push(readScalar(at, column));
      if (indent > column) throw unclear;
    }
    return items;
  }

  /** Where the colon behind the key of this line is; -1 when the line has no key. */
  function findColon(): number {
    const first = text.charCodeAt(start);
    if (first === 34 || first === 39) {
      const close = text.indexOf(String.fromCharCode(first), start + 1);
      if (close === -1 || close >= end) throw unclear;
      return text.charCodeAt(close + 1) === 58 ? close + 1 : -1;
    }
    for (let at = start; at < end; at += 1) {
      if (text.charCodeAt(at) !== 58) continue;
      const next = text.charCodeAt(at + 1);
      if (next === 32 || next === 10) return at;
    }
    return -1;
  }

  function readMapping(column: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    while (indent === column && !isItem()) {
      const colon = findColon();
      if (colon === -1) throw unclear;
      const key = readKey(text.slice(start, colon));
      // Twice the same key; or a name that every object has.
      if (map[key] !== undefined) throw unclear;
      let at = colon + 1;
      while (text.charCodeAt(at) === 32) at += 1;
      if (at === end || text.charCodeAt(at) === 35) map[key] = readBelow(column);
      else map[key] = readScalar(at, column);
      if (indent > column) throw unclear;
    }
    return map;
  }

  function readBelow(column: number): unknown {
    nextLine();
    if (indent > column || (indent === column && isItem())) return readBlock();
    return null;
  }

  /** Reads what stands from `at` to the end of the line, and goes to the next line. */
  function readScalar(at: number, column: number): unknown {
    const first = text.charAt(at);
    if (first === "|") return readLiteral(text.slice(at, end), column);
    const written = text.slice(at, end);
    const comment = written.indexOf(" #");
    const value = parseFlow((comment === -1 ? written : written.slice(0, comment)).trimEnd());
    nextLine();
    return value;
  }

  function readLiteral(header: string, column: number): string {
    if (header !== "|" && header !== "|-" && header !== "|+") throw unclear;
    const lines: string[] = [];
    let width = -1;
    let stop = end;
    while (stop + 1 < length) {
      const from = stop + 1;
      const to = text.indexOf("\n", from);
      let at = from;
      while (text.charCodeAt(at) === 32) at += 1;
      if (at === to) {
        if (width === -1 && at - from > 0) throw unclear;
        lines.push(width === -1 ? "" : text.slice(Math.min(from + width, to), to));
      } else {
        if (width === -1 && at - from > column) width = at - from;
        if (at - from < width || width === -1) {
          if (at - from > column) throw unclear;
          break;
        }
        lines.push(text.slice(from + width, to));
      }
      stop = to;
    }
    end = stop;
    nextLine();
    return chomp(lines, header);
  }

  const documents: unknown[] = [];
  nextLine();
  for (;;) {
    if (isMarker) {
      nextLine();
      continue;
    }
    if (indent === -1) return documents;
    documents.push(readBlock());
    if (indent !== -1) throw unclear;
  }
}

function chomp(lines: string[], header: string): string {
  let last = lines.length;
  while (last > 0 && lines[last - 1] === "") last -= 1;
  // A line of nothing but blanks at the end, or no line at all: readers differ.
  if (last === 0 || lines[last - 1]?.trim() === "") throw unclear;
  const text = lines.slice(0, last).join("\n");
  if (header === "|-") return text;
  return text + "\n".repeat(header === "|" ? 1 : lines.length - last + 1);
}

function readKey(written: string): string {
  if (plainKey.test(written)) {
    if (written.length <= 5 && words.has(written)) throw unclear;
    return written;
  }
  if (quotedKey.test(written)) return written.slice(1, -1);
  throw unclear;
}

function parseFlow(written: string): unknown {
  if (written === "{}") return {};
  if (!written.startsWith("[") || !written.endsWith("]")) return parseScalar(written);
  const inner = written.slice(1, -1).trim();
  if (inner === "") return [];
  return inner.split(",").map((item) => {
    const trimmed = item.trim();
    if (trimmed === "" || /[[\]{}]/.test(trimmed)) throw unclear;
    return parseScalar(trimmed);
  });
}

function parseScalar(written: string): unknown {
  const first = written.charAt(0);
  if (first === '"' || first === "'") {
    const inner = written.slice(1, -1);
    const isSimple = written.length > 1 && written.endsWith(first) && !inner.includes(first);
    if (!isSimple || (first === '"' && inner.includes("\\"))) throw unclear;
    return inner;
  }
  if (indicators.has(first) || (first === "-" && !/^-[^\s,[\]{}]/.test(written))) throw unclear;
  if (written.includes(": ") || written.endsWith(":")) throw unclear;
  return parsePlain(written);
}

function parsePlain(written: string): unknown {
  if (written.length <= 5) {
    const word = words.get(written);
    if (word === "unclear") throw unclear;
    if (word !== undefined) return word;
  }
  const code = written.charCodeAt(0);
  const isNumberLike = code <= 57 && code >= 43 && numberLike.test(written);
  if (!isNumberLike) return written;
  if (written === "0" || integer.test(written) || decimal.test(written)) return Number(written);
  throw unclear;
}
