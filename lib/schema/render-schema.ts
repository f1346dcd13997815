import { mapValues, type Schema } from "./json-schema.ts";

/** JSON with the keys of every map in order, so that equal values are equal texts. */
export function renderSorted(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

/**
 * A file with a schema: small, and a line for each of `$defs`, so that a diff shows what changed.
 * Draft 7 is the newest that Ajv, kubeconform and yaml-language-server all read by default.
 */
export function renderSchema({ $defs = {}, ...schema }: Schema): string {
  const { $schema, ...rest } = { $schema: "http://json-schema.org/draft-07/schema#", ...schema };
  const lines = [
    `"$schema":${JSON.stringify($schema)}`,
    ...renderLines(rest),
    ...(Object.keys($defs as object).length === 0
      ? []
      : [`"$defs":{\n${renderLines($defs as Record<string, unknown>).join(",\n")}\n}`]),
  ];
  return `{\n${lines.join(",\n")}\n}\n`;
}

/** A member of a JSON object for each key, without the comma behind it. */
export function renderLines(record: Record<string, unknown>): string[] {
  const lines = mapValues(record, (value, key) => `${JSON.stringify(key)}:${renderSorted(value)}`);
  return Object.keys(lines)
    .toSorted()
    .map((key) => lines[key] ?? "");
}
