/**
 * The candidate that `name` most likely stands for, by Damerau-Levenshtein distance without regard
 * to case; undefined when none is near.
 */
export function findNearest(name: string, candidates: Iterable<string>): string | undefined {
  let nearest: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = measureDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance > allowedDistance(name, candidate)) continue;
    if (nearest === undefined || distance < nearest.distance) nearest = { candidate, distance };
  }
  return nearest?.candidate;
}

/** A third of the longer name may be wrong, and never all of it: "a" does not stand for "b". */
function allowedDistance(name: string, candidate: string): number {
  const shorter = Math.min(name.length, candidate.length);
  const longer = Math.max(name.length, candidate.length);
  return Math.min(shorter - 1, Math.max(1, Math.floor(longer / 3)));
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function measureDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + cost);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) distance = Math.min(distance, at(beforeLast, j - 2) + 1);
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
