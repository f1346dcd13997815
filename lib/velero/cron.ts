/** Why an expression is no schedule. */
export interface CronFault {
  fault: string;
}

/** When a Schedule runs. */
export interface Cron {
  /** The longest time between two runs. */
  gapMinutes: number;
}

interface Field {
  name: string;
  first: number;
  last: number;
  /** Words that stand for numbers, in their order. */
  words?: readonly string[];
}

interface Values {
  numbers: ReadonlySet<number>;
  /** Whether every value is meant, written as `*` or `?`. */
  isStar: boolean;
}

const fields: readonly Field[] = [
  { name: "minute", first: 0, last: 59 },
  { name: "hour", first: 0, last: 23 },
  { name: "day of the month", first: 1, last: 31 },
  {
    name: "month",
    first: 1,
    last: 12,
    words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  {
    name: "day of the week",
    first: 0,
    last: 6,
    words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
  },
];

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const dayMinutes = 24 * 60;
/** Eight years, so that there are two of each 29 February. */
const watchedDays = 2 * (4 * 365 + 1);

/** An expression as it is written: the values of its five fields, or the time between two runs. */
type Expression = { values: readonly Values[] } | { gapMinutes: number };

/**
 * Reads a Schedule's expression as Velero does; see readExpression. What it cannot read, what comes due
 * more than once a minute, and what never would, is a fault.
 */
export function parseCron(text: string): Cron | CronFault {
  const read = readExpression(text);
  if ("fault" in read) return read;
  if ("values" in read) {
    const gapMinutes = findLongestGap(read.values);
    return gapMinutes === undefined ? { fault: "no day of any year fits it" } : { gapMinutes };
  }
  if (read.gapMinutes < 1) return { fault: `"${text}" is less than a minute` };
  return read;
}

/**
 * Reads an expression as ParseStandard of github.com/robfig/cron v3.0.1 does (parser.go), by which
 * Velero and Kubernetes read theirs: five fields, a descriptor such as `@daily`, or `@every` with a Go
 * duration, each perhaps behind `CRON_TZ=`.
 */
export function readExpression(text: string): Expression | CronFault {
  const [, zone, expression = ""] = /^(?:(?:CRON_)?TZ=(\S*)\s+)?(.*)$/s.exec(text) ?? [];
  if (zone !== undefined && !isTimeZone(zone)) return { fault: `"${zone}" is no time zone` };
  if (expression.startsWith("@every ")) return readEvery(expression.slice("@every ".length));
  if (expression.startsWith("@") && descriptors[expression] === undefined) {
    return { fault: `"${expression}" is none of ${Object.keys(descriptors).join(", ")}` };
  }
  const written = (descriptors[expression] ?? expression).split(/\s+/).filter((one) => one !== "");
  if (written.length !== fields.length) {
    return { fault: `it has ${written.length} fields, and exactly ${fields.length} are wanted` };
  }
  const values: Values[] = [];
  for (const [index, field] of fields.entries()) {
    const read = parseField(written[index] ?? "", field);
    if ("fault" in read) return read;
    values.push(read);
  }
  return { values };
}

/** Hours of a Go duration such as `168h0m0s`; undefined when time.ParseDuration would refuse it. */
export function parseGoDuration(text: string): number | undefined {
  const [, sign, amount] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (amount === "0") return 0;
  const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
  let seconds = 0;
  let end = 0;
  for (const [whole, number, unit] of (amount ?? "").matchAll(new RegExp(part, "gy"))) {
    seconds += Number(number) * (secondsOf[unit ?? ""] ?? 0);
    end += whole.length;
  }
  if (end === 0 || end !== amount?.length) return undefined;
  return ((sign === "-" ? -1 : 1) * seconds) / 3600;
}

const secondsOf: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

function readEvery(text: string): Expression | CronFault {
  const hours = parseGoDuration(text);
  if (hours === undefined) return { fault: `"${text}" is no Go duration, such as 6h or 90m` };
  return { gapMinutes: hours * 60 };
}

function parseField(text: string, field: Field): Values | CronFault {
  const numbers = new Set<number>();
  let isStar = false;
  for (const range of text.split(",").filter((one) => one !== "")) {
    const read = parseRange(range, field);
    if (typeof read === "string") return { fault: `${read} in the field ${field.name}` };
    for (let at = read.from; at <= read.to; at += read.step) numbers.add(at);
    isStar ||= read.isStar;
  }
  return { numbers, isStar };
}

function parseRange(
  text: string,
  field: Field,
): { from: number; to: number; step: number; isStar: boolean } | string {
  const [range = "", stepText, ...tooMany] = text.split("/");
  const [low = "", high, ...more] = range.split("-");
  if (tooMany.length > 0 || more.length > 0) return `"${text}" cannot be read`;
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  if (step === undefined || step === 0) return `the step of "${text}" is no positive number`;
  if (low === "*" || low === "?") {
    return { from: field.first, to: field.last, step, isStar: step === 1 };
  }
  const from = parseValue(low, field);
  const single = stepText === undefined ? from : field.last;
  const to = high === undefined ? single : parseValue(high, field);
  if (from === undefined || to === undefined) return `"${text}" cannot be read`;
  if (from < field.first || to > field.last) {
    return `"${text}" lies outside of ${field.first} to ${field.last}`;
  }
  if (from > to) return `"${text}" ends before it begins`;
  return { from, to, step, isStar: false };
}

function parseValue(text: string, { words, first }: Field): number | undefined {
  const index = words?.indexOf(text.toLowerCase()) ?? -1;
  return index === -1 ? parseNumber(text) : index + first;
}

function parseNumber(text: string): number | undefined {
  return /^\+?\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** A day as the fields of an expression see it. */
interface Day {
  month: number;
  monthDay: number;
  weekDay: number;
}

let calendar: readonly Day[] | undefined;

function listDays(): readonly Day[] {
  calendar ??= Array.from({ length: watchedDays }, (_, index) => {
    const day = new Date(Date.UTC(2024, 0, 1 + index));
    return {
      month: day.getUTCMonth() + 1,
      monthDay: day.getUTCDate(),
      weekDay: day.getUTCDay(),
    };
  });
  return calendar;
}

/** In minutes; undefined when there is no run at all. */
function findLongestGap(values: readonly Values[]): number | undefined {
  const [minutes, hours, ...ofDays] = values;
  const times = [...(hours?.numbers ?? [])]
    .flatMap((hour) => [...(minutes?.numbers ?? [])].map((minute) => hour * 60 + minute))
    .toSorted((a, b) => a - b);
  const [first] = times;
  const last = times.at(-1);
  // Most run on every day: no calendar is needed for them.
  const days = ofDays.every(({ isStar }) => isStar) ? 1 : findLongestDays(ofDays);
  if (first === undefined || last === undefined || days === undefined) return undefined;
  const within = times.map((time, index) => time - (times[index - 1] ?? time));
  return Math.max(...within, days * dayMinutes + first - last);
}

/** From a day that fits to the next one; undefined when none fits. */
function findLongestDays(ofDays: readonly Values[]): number | undefined {
  const days = listDays().flatMap((day, index) => (fitsDay(day, ofDays) ? [index] : []));
  if (days.length === 0) return undefined;
  return Math.max(...days.map((day, index) => day - (days[index - 1] ?? day)));
}

/** A day of the month and one of the week both count where both are given (spec.go, dayMatches). */
function fitsDay(day: Day, [monthDays, months, weekDays]: readonly Values[]): boolean {
  if (!months?.numbers.has(day.month)) return false;
  const fitsMonth = monthDays?.numbers.has(day.monthDay) ?? false;
  const fitsWeek = weekDays?.numbers.has(day.weekDay) ?? false;
  if (monthDays?.isStar || weekDays?.isStar) return fitsMonth && fitsWeek;
  return fitsMonth || fitsWeek;
}

export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return zone === "Local";
  }
}
