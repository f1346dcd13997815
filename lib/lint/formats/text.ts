import type { Report } from "../report.ts";

/** For a person: a finding with its reason and its fix, and what was looked at. */
export function renderText({ findings, counts }: Report): string {
  const blocks = findings.map(({ where, code, message, why, fix }) =>
    [
      `${renderPlace(where)}: ${message}  [${code}]`,
      ...(why === undefined ? [] : indent("why", why)),
      ...indent("fix", fix),
    ].join("\n"),
  );
  return `${[...blocks, renderCounts({ findings, counts })].join("\n\n")}\n`;
}

/** `kubernetes/apps/shop/app.yaml:14:14`; a name may have letters that would move the cursor. */
export function renderPlace({ file, line, column }: Report["findings"][number]["where"]): string {
  return [file.replaceAll(/\p{Cc}/gu, "?"), line, column]
    .filter((part) => part !== undefined)
    .join(":");
}

function indent(label: string, text: string): string[] {
  const [first = "", ...others] = text.split("\n");
  return [`  ${label}  ${first}`, ...others.map((line) => `       ${line}`)];
}

function renderCounts({ findings, counts }: Report): string {
  const found = findings.length === 0 ? "nothing wrong" : count(findings.length, "finding");
  const notes = [
    ...(counts.ignored === 0 ? [] : [`${count(counts.ignored, "finding")} ignored`]),
    ...(counts.serverRules === 0
      ? []
      : [
          `${count(counts.serverRules, "rule")} (CEL) of these kinds only the API server evaluates`,
        ]),
    ...(counts.notRendered === 0
      ? []
      : [
          `${count(counts.notRendered, "kustomization or chart", "kustomizations or charts")} not or not wholly rendered`,
        ]),
    ...(counts.unmadeSecrets === 0
      ? []
      : [
          `${count(counts.unmadeSecrets, "encrypted file is", "encrypted files are")} not there yet: scripts/setup/init-secrets.ts makes them`,
        ]),
  ];
  const looked = `${count(counts.objects, "object")} in ${count(counts.files, "file")}`;
  return [`${looked}: ${found}`, ...notes].join("; ");
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
