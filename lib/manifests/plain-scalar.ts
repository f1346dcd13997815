/** Thrown where a text needs a full reader. */
export const unclear = Symbol("unclear");

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

const plainKey = /^[A-Za-z_.$/][\w.$/-]*$/;
const quotedKey = /^(?:"[^"\\]*"|'[^']*')$/;
/** Characters that begin something else than a plain scalar. */
const indicators = new Set("&*!>%@`#?:,]}|[{\"'");

/** A key on one line may have 1024 characters (YAML 1.2.2, 7.4.2), the quotes among them. */
const longestKey = 1000;

/**
 * What was read before, by how it was written: most keys and words of manifests are the same few. Of
 * any others no more is remembered at some point.
 */
const knownKeys = new Map<string, string>();
const knownScalars = new Map<string, unknown>();
const mostKnown = 4096;
const longestKnown = 32;

function remember<Value>(known: Map<string, Value>, written: string, value: Value): Value {
  if (written.length <= longestKnown && known.size < mostKnown) known.set(written, value);
  return value;
}

/** The text of a key. Throws `unclear`. */
export function readKey(written: string): string {
  return knownKeys.get(written) ?? remember(knownKeys, written, parseKey(written));
}

function parseKey(written: string): string {
  if (written.length > longestKey) throw unclear;
  if (plainKey.test(written)) {
    if (written.length <= 5 && words.has(written)) throw unclear;
    if (written.charCodeAt(0) === 46 && numberLike.test(written)) throw unclear;
    return written;
  }
  if (quotedKey.test(written)) return written.slice(1, -1);
  throw unclear;
}

/** The value of a scalar, or of a list of scalars in brackets, all on one line. Throws `unclear`. */
export function parseFlow(written: string): unknown {
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
  const known = knownScalars.get(written);
  if (known !== undefined) return known;
  return remember(knownScalars, written, parseNewScalar(written));
}

function parseNewScalar(written: string): unknown {
  const code = written.charCodeAt(0);
  const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 47;
  // Most are words and paths.
  if (isLetter && !written.includes(":")) return parsePlain(written);
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
