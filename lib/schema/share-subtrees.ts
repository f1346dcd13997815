import { createHash } from "node:crypto";
import { mapSubschemas, type Schema } from "./json-schema.ts";
import { renderSorted } from "./render-schema.ts";

/** A shorter subtree is written again where it is needed: a reference would hardly be shorter. */
const shortestShared = 60;

/**
 * A schema with equal subtrees, that are there more than once, moved to `$defs`. CRDs have none by
 * themselves: the template of a pod stands in some of them a dozen times. A name in `$defs` is made
 * from what it stands for, so that an update changes only what is new.
 */
export function shareSubtrees(schema: Schema): Schema {
  const trees: Tree[] = [];
  const root = intern(schema, trees, new Map());
  const $defs: Record<string, Schema> = {};
  const shared = write(root, trees, $defs);
  return Object.keys($defs).length === 0 ? shared : { ...shared, $defs };
}

/** A subtree that is kept once, however often it is there. */
interface Tree {
  /** The schema, in which the number of its tree stands for each subschema. */
  schema: Schema;
  /** From how many places of other trees it is referred to. */
  uses: number;
}

/** Keeps the subtrees of a schema and returns the number of the whole. */
function intern(schema: Schema, trees: Tree[], known: Map<string, number>): number {
  const subtrees: number[] = [];
  const own = mapSubschemas(schema, (subschema) => {
    const subtree = intern(subschema, trees, known);
    subtrees.push(subtree);
    return { tree: subtree };
  });
  const text = renderSorted(own);
  const there = known.get(text);
  if (there !== undefined) return there;
  for (const subtree of subtrees) {
    const tree = trees[subtree];
    if (tree !== undefined) tree.uses += 1;
  }
  known.set(text, trees.length);
  return trees.push({ schema: own, uses: 0 }) - 1;
}

function write(root: number, trees: Tree[], $defs: Record<string, Schema>): Schema {
  return mapSubschemas(trees[root]?.schema ?? {}, ({ tree }) => {
    const subtree = Number(tree);
    const written = write(subtree, trees, $defs);
    const text = renderSorted(written);
    if ((trees[subtree]?.uses ?? 0) < 2 || text.length < shortestShared) return written;
    const name = createHash("sha256").update(text).digest("hex").slice(0, 8);
    $defs[name] = written;
    return { $ref: `#/$defs/${name}` };
  });
}
