/** One thing that a drill has to prove, with what it found. */
export interface Check {
  id: string;
  title: string;
  passed: boolean;
  measured: string;
  wanted: string;
}

/** How many examples a failed check shows. */
const shownExamples = 5;

/** A check; a value that could not be measured is `passed: false` and never left out. */
export function check(one: Check): Check {
  return one;
}

/** `: a, b, c and 4 more`; empty for none. */
export function listFew(items: readonly string[]): string {
  if (items.length === 0) return "";
  const more = items.length - shownExamples;
  const shown = items.slice(0, shownExamples).join(", ");
  return `: ${shown}${more > 0 ? ` and ${more} more` : ""}`;
}
