import t from "tap";
import { parseCron, parseGoDuration } from "../../lib/velero/cron.ts";

const day = 24 * 60;

/** What github.com/robfig/cron v3.0.1 reads, with the longest time between two runs in minutes. */
const gaps: Readonly<Record<string, number>> = {
  "47 * * * *": 60,
  "*/15 * * * *": 15,
  "5/20 * * * *": 20,
  "0,30 2,3 * * ?": 22 * 60 + 30,
  "17 2 * * *": day,
  "17  2 *  * *": day,
  "0 3 * * MON-fri": 3 * day,
  "0 3 * * 0": 7 * day,
  "0 3 1 * *": 31 * day,
  // Both count where both are given: the first of a month, or a Sunday.
  "0 3 1 * 0": 7 * day,
  // A step of two is no star, as it is none for dayMatches.
  "0 3 */2 * 0": 2 * day,
  "0 3 29 feb *": 1461 * day,
  "@hourly": 60,
  "@daily": day,
  "@midnight": day,
  "@weekly": 7 * day,
  "@every 1h30m": 90,
  "TZ=Europe/Berlin 17 2 * * *": day,
  "CRON_TZ=UTC @daily": day,
};

const refused = [
  "",
  "* * * *",
  "0 0 * * * *",
  "60 * * * *",
  "* 24 * * *",
  "* * 0 * *",
  "* * 32 * *",
  "* * * 13 *",
  "* * * * 7",
  "* * * * sunday",
  "5-1 * * * *",
  "*/0 * * * *",
  "1-2-3 * * * *",
  "1/2/3 * * * *",
  "-1 * * * *",
  "a * * * *",
  ", * * * *",
  "0 0 30 2 *",
  "@reboot",
  "@Daily",
  "@every 1d",
  "@every",
  "TZ=Nowhere/City 0 0 * * *",
  "TZ=UTC",
];

t.test("expressions that Velero runs", async (t) => {
  for (const [text, gapMinutes] of Object.entries(gaps)) {
    t.strictSame(parseCron(text), { gapMinutes }, text);
  }
});

t.test("expressions that Velero refuses, or that never come due", async (t) => {
  for (const text of refused) t.match(parseCron(text), { fault: /./ }, text);
});

t.test("Go durations in hours", async (t) => {
  const durations = { "168h0m0s": 168, "1.5h": 1.5, "90m": 1.5, "+.5h": 0.5, "-1h": -1, "0": 0 };
  for (const [text, hours] of Object.entries(durations))
    t.equal(parseGoDuration(text), hours, text);
  for (const text of ["", "30d", "720", "1h ", "h", "1h30", "1 h"]) {
    t.equal(parseGoDuration(text), undefined, text);
  }
});
