/** An order that the database has confirmed to the till. */
export interface Order {
  n: number;
  /** When the database wrote it, in milliseconds since 1970; it was committed right after. */
  at: number;
}

/** What the till has printed: `confirmed <n>|<seconds since 1970>` for each order. */
export function parseTillLog(text: string): Order[] {
  return [...text.matchAll(/^confirmed (\S+)$/gm)].flatMap(([, row = ""]) => parseRow(row));
}

/** Rows of `n|seconds`, as psql prints them. */
export function parseOrders(text: string): Order[] {
  return text.split("\n").flatMap(parseRow);
}

/** A line that was cut off is none. */
function parseRow(row: string): Order[] {
  const [, n, seconds] = /^(\d+)\|(\d+\.\d{6})$/.exec(row) ?? [];
  if (n === undefined || seconds === undefined) return [];
  // In whole microseconds first, which a number holds without rounding.
  return [{ n: Number(n), at: Number(seconds.replace(".", "")) / 1000 }];
}
