import { renderTable } from "../cli/table.ts";
import type { Resolution } from "./resolver.ts";
import { type DnsStatus, type NameStatus, showTtl } from "./status.ts";

/** A text record can be as long as a page. */
const widestCell = 44;

/** The status for a terminal; says so when there is nothing. */
export function renderDnsStatus({ zone, names }: DnsStatus): string {
  if (names.length === 0) return `The zone ${zone} has no records, and none are declared.\n`;
  const headers = ["NAME", "TYPE", "OWNER", "TARGET", "TTL", "PROXIED", "RESOLVES TO"];
  const rows = names.map((one) => [
    one.name,
    one.type,
    showOwner(one),
    shorten(one.targets),
    one.ttlSeconds === undefined ? "-" : showTtl(one.ttlSeconds),
    one.proxied ? "yes" : "no",
    showResolution(one.resolves),
  ]);
  const findings = names.flatMap(({ name, type, findings: texts }) =>
    texts.map((text) => `${name} ${type}: ${text}\n`),
  );
  const found = findings.length === 0 ? "" : `\nNot as it should be:\n${findings.join("")}`;
  return `${renderTable(rows, headers)}${found}`;
}

function showOwner({ owner, claim }: NameStatus): string {
  if (owner === "both") return `tofu and external-dns (${claim?.owner})`;
  return claim === undefined ? owner : `${owner} (${claim.owner})`;
}

function showResolution(resolution: Resolution | undefined): string {
  if (resolution === undefined) return "-";
  if (resolution.kind === "silent") return `no answer (${resolution.says})`;
  return resolution.answers.length === 0 ? "nothing" : shorten(resolution.answers);
}

function shorten(texts: readonly string[]): string {
  const text = texts.join(", ") || "-";
  return text.length > widestCell ? `${text.slice(0, widestCell - 1)}…` : text;
}
