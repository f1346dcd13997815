import { dropReferences, isPlaceholder } from "./placeholder.ts";

/** Whether another program may write something else in place of a text before the cluster reads it. */
export function isFilledIn(text: string): boolean {
  return /\$\w|ENC\[/.test(text) || isPlaceholder(text) || dropReferences(text) !== text;
}
