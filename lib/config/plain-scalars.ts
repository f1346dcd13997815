import type { Document } from "yaml";
import type { DataPath } from "../schema/explain.ts";

export interface PlainScalar {
  /** As it is written. */
  text: string;
  /** As YAML 1.2 reads it. */
  value: unknown;
  /** Where it begins, in characters from the start of the file. */
  offset: number;
  isKey: boolean;
  /** The keys that it stands under, the nearest last; of a key, those above it. */
  under: readonly string[];
  /** Where the value is found in that of the document; of a key, where its map is. */
  readPath(): DataPath;
}

type Yaml = typeof import("yaml");

/** Every scalar without quotes and without a tag, keys among them, in the order of the file. */
export function listPlainScalars(yaml: Yaml, document: Document.Parsed): PlainScalar[] {
  const scalars: PlainScalar[] = [];
  yaml.visit(document, {
    Scalar(role, node, ancestors) {
      const { type, tag, source, value, range } = node;
      if (type !== "PLAIN" || tag !== undefined || source === undefined || source === "") return;
      const isKey = role === "key";
      const above = isKey ? ancestors.slice(0, -1) : ancestors;
      const under = above.flatMap((one) => (yaml.isPair(one) ? [readKey(yaml, one.key)] : []));
      scalars.push({
        text: source,
        value,
        offset: range?.[0] ?? 0,
        isKey,
        under,
        readPath: () => readPath(yaml, [...above, node]),
      });
    },
  });
  return scalars;
}

/** The keys and indexes that lead through nodes, each of which holds the next. */
function readPath(yaml: Yaml, nodes: readonly unknown[]): DataPath {
  return nodes.flatMap((node, index) => {
    if (yaml.isPair(node)) return [readKey(yaml, node.key)];
    const list = nodes[index - 1];
    return yaml.isSeq(list) ? [String(list.items.indexOf(node))] : [];
  });
}

function readKey(yaml: Yaml, key: unknown): string {
  return yaml.isScalar(key) ? String(key.value) : "";
}
