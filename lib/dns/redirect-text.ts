import { isDeepStrictEqual } from "node:util";
import type { YAMLMap, YAMLSeq } from "yaml";
import { InfraError } from "../errors.ts";
import type { Redirection } from "../records.ts";
import { isSameRecord, normalizeContent } from "./content.ts";

/**
 * A list of records with the redirection in it; all else of the text stays as it is, comments too. The
 * text is one that was loaded before. Throws DNS_LIST_FORM when a value is written in a way that cannot be
 * replaced on its own.
 */
export async function redirectText(
  text: string,
  { from, to, records }: Redirection,
): Promise<string> {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text);
  const expected = document.toJS() as { records?: Record<string, unknown>[] };
  const edits: { start: number; end: number; wanted: string }[] = [];
  const list = document.get("records") as YAMLSeq<YAMLMap> | undefined;
  for (const [index, item] of (list?.items ?? []).entries()) {
    const value = { name: String(item.get("name")), type: String(item.get("type")) };
    if (!records.some((one) => isSameRecord({ ...one, ...value }, one))) continue;
    const old = normalizeContent(value.type, from.publicIp);
    for (const [key, isOld, wanted] of [
      ["node", (one: string) => one === from.name, to.name],
      ["content", (one: string) => normalizeContent(value.type, one) === old, to.publicIp],
    ] as const) {
      const node = item.get(key, true);
      if (!node?.range || !isOld(String(node.value))) continue;
      edits.push({ start: node.range[0], end: node.range[1], wanted });
      Object.assign(expected.records?.[index] ?? {}, { [key]: wanted });
    }
  }
  const done = edits
    .toReversed()
    .reduce((all, { start, end, wanted }) => all.slice(0, start) + wanted + all.slice(end), text);
  if (isDeepStrictEqual(parseDocument(done).toJS(), expected)) return done;
  throw new InfraError({
    code: "DNS_LIST_FORM",
    message: "the list of static records is written in a way that only a person can change",
    why: "A host or an address in there is an alias, an anchor or a text of several lines.",
    fix: "Write it as a plain word",
  });
}
