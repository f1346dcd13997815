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
  const inText = findings.filter(({ code }) => code === "SECRET_TEXT");
  const dropped = new Set<Finding>();
  for (const [file, those] of Map.groupBy(inText, ({ where }) => where.file)) {
    const lines = (texts.get(file) ?? "").split("\n");
    const ends = lines.flatMap((line, index) => (/^---(?:\s|$)/.test(line) ? [index] : []));
    const findDocument = ({ line = 1 }: Place) => ends.filter((end) => end < line).length;
    const told = new Set(
      findings
        .filter(({ code, where }) => where.file === file && tellers.has(code))
        .map(({ where }) => findDocument(where)),
    );
    for (const finding of those) {
      const { where } = finding;
      if (!told.has(findDocument(where))) continue;
      if (isEncryptable(file, lines.slice(0, where.line))) dropped.add(finding);
    }
  }
  return findings.filter((finding) => !dropped.has(finding));
}

/** Whether the last line is one that sops would encrypt: metadata and comments are none. */
function isEncryptable(file: string, lines: readonly string[]): boolean {
  if (/^\s*#/.test(lines.at(-1) ?? "")) return false;
  const top = lines.findLast((line) => /^[A-Za-z]\w*:/.test(line)) ?? "";
  if (/.\.sops\.\w+$/.test(file)) return !top.startsWith("metadata:");
  return /^(?:stringData|data):/.test(top);
}
