import type { YAMLMap, YAMLSeq } from "yaml";
import type { Redirection } from "../records.ts";
import { isSameRecord } from "./content.ts";

/**
 * A list of records with the redirection in it; all else of the text stays as it is, comments too. The
 * text is one that was loaded before.
 */
export async function redirectText(
  text: string,
  { from, to, records }: Redirection,
): Promise<string> {
  const { parseDocument } = await import("yaml");
  const list = parseDocument(text).get("records") as YAMLSeq<YAMLMap> | undefined;
  const edits = (list?.items ?? []).flatMap((item) => {
    const value = { name: String(item.get("name")), type: String(item.get("type")) };
    if (!records.some((one) => isSameRecord({ ...one, ...value }, one))) return [];
    return [
      { node: item.get("node", true), old: from.name, wanted: to.name },
      { node: item.get("content", true), old: from.publicIp, wanted: to.publicIp },
    ].flatMap(({ node, old, wanted }) => {
      const range = node?.value === old ? node.range : undefined;
      return range ? [{ start: range[0], end: range[1], wanted }] : [];
    });
  });
  return edits
    .toReversed()
    .reduce(
      (done, { start, end, wanted }) => done.slice(0, start) + wanted + done.slice(end),
      text,
    );
}
