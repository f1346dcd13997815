import { mostOfRule } from "../locate-finding.ts";
import { dropReferences, isPlaceholder } from "../placeholder.ts";
import { addressWithPassword, assignment, keyPatterns, valueBefore } from "../secret-forms.ts";
import type { TextFault, TextRule } from "../rule.ts";

export const secretText: TextRule = {
  id: "secret-text",
  codes: ["SECRET_TEXT"],
  scope: "text",
  summary: "no file has a password, a token or a private key in clear",
  why: "Git never forgets: what was pushed once is read by everybody who has a copy, and by the programs that look through public repositories for it within minutes. Found are the forms that providers give their keys, and values of keys such as `password` or `api_token` that no person would use as a name. References, templates, encrypted values and words such as CHANGEME are none. What a finding is about is never shown.",
  example: {
    bad: 'cloudflare_api_token = "…" # the token itself',
    good: "# in .envrc, which Git ignores\nexport CLOUDFLARE_API_TOKEN=…",
  },
  find(text, file) {
    if (isExempt(file)) return [];
    const found = [
      ...findKeys(text),
      ...findAddresses(text),
      ...(hasSettings.test(file) ? findAssignments(text, file) : []),
    ];
    return [...new Map(found.map((one) => [one.offset, one])).values()]
      .slice(0, mostOfRule + 1)
      .map(({ offset, what }) => ({
        offset,
        message: `this looks like ${what}`,
        why: "whoever has the repository, or had it once, can read it",
        fix: "Take it out: a Secret of the cluster belongs into a *.sops.yaml, what a program of yours needs into .envrc; if it was ever pushed, have a new one made and the old one withdrawn",
      }));
  },
};

interface Found extends Pick<TextFault, "offset"> {
  what: string;
}

/** Files in which a name and a value are a setting; in programs they are mostly code. */
const hasSettings =
  /\.(?:ya?ml|json|tfvars|tf|hcl|ini|toml|cfg|conf|properties|env)$|(?:^|\/)\.env/;

/** Written by tools, with a checksum in every line; and what is made wrong on purpose. */
function isExempt(file: string): boolean {
  return /^test\/fixtures\/|(?:^|\/)(?:package-lock\.json|go\.sum|[^/]*\.lock(?:\.hcl)?|pnpm-lock\.yaml)$/.test(
    file,
  );
}

function findKeys(text: string): Found[] {
  return keyPatterns.flatMap(({ forms, pattern }) =>
    // Nearly all files have none.
    (text.search(pattern) === -1 ? [] : [...text.matchAll(pattern)]).flatMap((match) => {
      const [token] = match;
      const [, what = ""] = forms[match.slice(1).findIndex((group) => group !== undefined)] ?? [];
      if (isFake(token) || (token.startsWith("LS0t") && !isPrivateKey(token))) return [];
      return [{ offset: match.index, what }];
    }),
  );
}

function findAddresses(text: string): Found[] {
  return [...text.matchAll(addressWithPassword)].flatMap(({ 0: all, 1: password = "", index }) =>
    looksSecret(password, "password")
      ? [{ offset: index + all.length - password.length - 1, what: "a password in an address" }]
      : [],
  );
}

function findAssignments(text: string, file: string): Found[] {
  const isCode = /\.(?:tf|hcl|tfvars)$/.test(file);
  return [...text.matchAll(assignment)].flatMap((match) => {
    const found = readValue(match) ?? readValueBefore(text, match.index);
    // Without quotes it is an expression there.
    if (found === undefined || (isCode && found.isBare)) return [];
    const end = match[0].search(/["' \t:=,\r\n]|$/);
    const name = readName(text, match.index + end);
    if (/checksum|hash|digest/i.test(name) || !looksSecret(found.value, name)) return [];
    return [{ offset: found.offset, what: `the secret that ${name} names` }];
  });
}

/** The value in a match of what a setting looks like; undefined when there is none. */
function readValue(match: RegExpExecArray) {
  const [all, doubled, single, bare] = match;
  const value = doubled ?? single ?? bare;
  if (value === undefined) return undefined;
  return { value, isBare: bare !== undefined, offset: match.index + all.lastIndexOf(value) };
}

/** More of a text is not looked at for a value that stands before its name. */
const mostBefore = 400;

function readValueBefore(text: string, end: number) {
  const start = Math.max(0, end - mostBefore);
  const found = valueBefore.exec(text.slice(start, end));
  const read = found === null ? undefined : readValue(found);
  return read === undefined ? undefined : { ...read, offset: start + read.offset };
}

/** The name that ends before an offset. */
function readName(text: string, end: number): string {
  let start = end;
  while (start > 0 && /[\w./-]/.test(text.charAt(start - 1))) start -= 1;
  return text.slice(start, end);
}

function isPrivateKey(base64: string): boolean {
  return /PRIVATE KEY/.test(Buffer.from(base64.slice(0, 60), "base64").toString());
}

/** What kubeseal writes. */
const sealed = /^Ag[A-Za-z0-9+/]{200,}={0,2}$/;
/** A name, a path or an address: words and short numbers with signs between them. */
const nameLike = /^\$?[A-Za-z]*\d{0,4}(?:[-_./:@ ]+[A-Za-z]*\d{0,4})*$/;
/** Of a setting that holds a password itself, and no name: there, a word with a number is none. */
const passwordName = /(?:passw(?:or)?d|passphrase)$/i;

/** The name of an object, with what kustomize or a chart puts behind it; an UUID is none. */
const objectName = /^(?![0-9a-f]{8}-[0-9a-f]{4}-)[a-z][a-z0-9]*(?:[-./][a-z0-9]+)+$/;

function looksSecret(written: string, name: string): boolean {
  const value = dropReferences(written);
  if (isPlaceholder(written) || isPlaceholder(value) || sealed.test(value)) return false;
  const isNumbered = passwordName.test(name) && /[A-Za-z]\d/.test(value);
  if (nameLike.test(value) && !isNumbered) return false;
  // Such as existingSecret: the value is what the Secret is called.
  if (/secret$/i.test(name) && objectName.test(value)) return false;
  // A path or an address.
  if (/^(?:[.~]?\/|\w+:\/\/)/.test(value)) return false;
  const isPassword = /pass/i.test(name);
  return value.length >= (isPassword ? 8 : 16) && measureEntropy(value) >= (isPassword ? 2.5 : 3);
}

/** A key in a text that explains keys: few different signs, or the word for it at its end. */
function isFake(token: string): boolean {
  return token.endsWith("EXAMPLE") || measureEntropy(token.slice(-20)) < 2.5;
}

/** Shannon's, in bits per sign. */
function measureEntropy(text: string): number {
  const counts = new Map<string, number>();
  for (const sign of text) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => {
    const share = count / text.length;
    return sum - share * Math.log2(share);
  }, 0);
}
