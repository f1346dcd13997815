/** Shorter values would black out ordinary words. */
const shortestSecret = 6;

const forms = new Set<string>();
/** Of all forms; made anew by the first redact after one was added. */
let pattern: RegExp | undefined;

/**
 * Keeps a value out of everything that is written from now on, also where it is base64, URL or
 * JSON encoded. Values shorter than 6 characters, outer blanks aside, are ignored.
 */
export function registerSecret(value: string): void {
  const bare = value.trim();
  if (bare.length < shortestSecret) return;
  const known = forms.size;
  // A file's last newline belongs to what it holds when encoded, but not where it is quoted.
  for (const text of [bare, value]) for (const form of encode(text)) forms.add(form);
  if (forms.size > known) pattern = undefined;
}

/** The text with every registered secret replaced by `[secret]`. */
export function redact(text: string): string {
  if (forms.size === 0) return text;
  pattern ??= buildPattern();
  return text.replace(pattern, "[secret]");
}

function buildPattern(): RegExp {
  // The longest first: a secret that begins with another one must not leave its tail behind.
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map(escape).join("|"), "g");
}

/**
 * The value as JSON text with every registered secret replaced inside its strings and numbers, so
 * that it stays valid JSON whatever a secret looks like.
 */
export function redactJson(value: unknown): string {
  return JSON.stringify(value, redactScalar, 2);
}

function redactScalar(_key: string, value: unknown): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "number") return value;
  const text = String(value);
  return redact(text) === text ? value : redact(text);
}

function encode(text: string): string[] {
  const base64 = Buffer.from(text).toString("base64");
  const wellFormed = text.toWellFormed();
  return [
    text,
    base64,
    base64.replace(/=+$/, ""),
    Buffer.from(text).toString("base64url"),
    encodeURIComponent(wellFormed),
    // As forms and Go's url.QueryEscape write it: "+" for a blank, and !'()* encoded as well.
    new URLSearchParams([["", wellFormed]]).toString().slice(1),
    JSON.stringify(text).slice(1, -1),
    // As progress lines and aligned messages show a value of several lines.
    text.replace(/\s+/g, " "),
  ];
}

/** RegExp.escape, which Node 22 does not have. */
function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
