import { parseFlow, readKey, unclear } from "./plain-scalar.ts";

/** Anything but printable ASCII, line feeds and the letters of the basic plane. */
const unusual = /[^\n -~\u00a1-\u1fff\u3040-\ud7ff]/;
const deepest = 100;

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

  function isAt(column: number): boolean {
    return indent === column;
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
    while (isAt(column) && isItem()) {
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
    while (isAt(column) && !isItem()) {
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
