/** What another program fills in: `${NAME}`, `${{ name }}`, `{{ name }}`, `$(NAME)`, `<path:…>`. */
const reference = String.raw`\$?\{\{[^{}\n]*\}\}|\$\{[A-Za-z_][\w.]*\}|\$\([\w.-]+\)|<[^<>\n]*>`;

const references = new RegExp(reference, "g");

/** A reference by itself, or in a form that has no end: a name of the environment, a vault, a file. */
const wholeReference = new RegExp(
  [
    `^(?:${reference}`,
    String.raw`\$[A-Z_][A-Z0-9_]*`,
    String.raw`%\(\w+\)s?`,
    String.raw`ENC\[[^\]\n]*\]`,
    String.raw`(?:vault:|sops:|ref\+|secretref:|op:\/\/|file:|env:|ssm:)\S+)$`,
  ].join("|"),
  "i",
);

/** No value at all, or signs that stand for one. */
const nothing = /^(?:null|none|nil|true|false|undefined|~|x{3,}|\*{3,}|\.{3}|…)?$/i;

const marks =
  "change[-_ ]?me|change[-_ ]?this|replace|insert|placeholder|example|redacted|dummy|your|todo|fixme";
const fillers =
  "please|me|this|it|with|the|a|an|my|own|real|here|before|use|value|user|password|secret|token|api|key";

/** Nothing but words of templates: `CHANGEME`, `your-api-key`, `replace me with a password`. */
const template = new RegExp(`^(?=.*(?:${marks}))(?:(?:${marks}|${fillers})(?:[-_ .!]+|$))+$`, "i");

/**
 * Whether a value stands for a secret and is none: all of it, on one line, is empty, a reference that
 * another program fills in, encrypted already, or made of the words of templates.
 */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  if (text.includes("\n")) return false;
  return nothing.test(text) || wholeReference.test(text) || template.test(text);
}

/** What of a value is there already, without the references in it. */
export function dropReferences(value: string): string {
  return value.replaceAll(references, "");
}
