import type { Place } from "../errors.ts";
import type { Finding } from "./rule.ts";

/** They tell once of all values of a document. */
const tellers = new Set(["PLAIN_SECRET", "SECRETS_NOT_ENCRYPTED"]);

/**
 * Findings without those of secret-text for a value of a Secret, or in a file of sops, that plain-secret
 * or sops tells of; `texts` are the judged files by their paths.
 */
export function dropToldSecrets(
  findings: readonly Finding[],
  texts: ReadonlyMap<string, string>,
): Finding[] {
  const told = new Set(
    findings.flatMap(({ code, where }) =>
      tellers.has(code) ? [nameDocument(where, listLinesTo(where, texts))] : [],
    ),
  );
  if (told.size === 0) return [...findings];
  return findings.filter(({ code, where }) => {
    if (code !== "SECRET_TEXT") return true;
    const lines = listLinesTo(where, texts);
    return !isEncryptable(where.file, lines) || !told.has(nameDocument(where, lines));
  });
}

function listLinesTo({ file, line = 1 }: Place, texts: ReadonlyMap<string, string>): string[] {
  return (texts.get(file) ?? "").split("\n", line);
}

/** Each document of a file has its own number. */
function nameDocument({ file }: Place, lines: readonly string[]): string {
  return `${file} ${lines.filter((line) => /^---(?:\s|$)/.test(line)).length}`;
}

/** Whether the last line is one that sops would encrypt: metadata and comments are none. */
function isEncryptable(file: string, lines: readonly string[]): boolean {
  if (/^\s*#/.test(lines.at(-1) ?? "")) return false;
  const top = lines.findLast((line) => /^[A-Za-z]\w*:/.test(line)) ?? "";
  if (/.\.sops\.\w+$/.test(file)) return !top.startsWith("metadata:");
  return /^(?:stringData|data):/.test(top);
}
