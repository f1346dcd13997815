import { appendFileSync, chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { registerSecret } from "../../lib/cli/redact.ts";
import { openJournal } from "../../lib/steps/journal-file.ts";

const time = "2026-01-01T00:00:00.000Z";

function readLines(file: string): unknown[] {
  const text = readFileSync(file, "utf8");
  if (!text.endsWith("\n")) throw new Error("the last line is not ended");
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line));
}

t.test("entries are appended in order, for their owner's eyes only", async (t) => {
  const folder = path.join(t.testdir({}), "site/runs");
  const journal = openJournal(folder);
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  await Promise.all(numbers.map((n) => journal.append("abc123", { time, event: "e", n })));
  const file = path.join(folder, "abc123.ndjson");
  t.strictSame(
    readLines(file),
    numbers.map((n) => ({ time, event: "e", n })),
  );
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(folder).mode & 0o777, 0o700);
});

t.test("another process goes on with the file, each run has its own", async (t) => {
  const folder = t.testdir({});
  await openJournal(folder).append("one", { time, event: "first" });
  await openJournal(folder).append("one", { time, event: "second" });
  await openJournal(folder).append("two", { time, event: "other" });
  t.strictSame(readdirSync(folder).toSorted(), ["one.ndjson", "two.ndjson"]);
  t.strictSame(readLines(path.join(folder, "one.ndjson")), [
    { time, event: "first" },
    { time, event: "second" },
  ]);
});

t.test("half a line of a killed process does not spoil the next entry", async (t) => {
  const folder = t.testdir({});
  const file = path.join(folder, "one.ndjson");
  await openJournal(folder).append("one", { time, event: "first" });
  appendFileSync(file, '{"time":"2026');
  const journal = openJournal(folder);
  await journal.append("one", { time, event: "second" });
  await journal.append("one", { time, event: "third" });
  const lines = readFileSync(file, "utf8").split("\n");
  t.strictSame(lines[1], '{"time":"2026');
  t.match(JSON.parse(lines[2] ?? ""), { event: "second" });
  t.match(JSON.parse(lines[3] ?? ""), { event: "third" });
});

t.test("a secret does not reach the journal", async (t) => {
  const folder = t.testdir({});
  registerSecret('journal "secret" 1');
  const facts = { text: 'it is journal "secret" 1', list: [{ deep: 'journal "secret" 1' }] };
  await openJournal(folder).append("one", { time, event: "e", ...facts });
  t.strictSame(readLines(path.join(folder, "one.ndjson")), [
    { time, event: "e", text: "it is [secret]", list: [{ deep: "[secret]" }] },
  ]);
});

t.test("what cannot be written is told, and does not block what can", async (t) => {
  const folder = t.testdir({ file: "", bad: { "one.ndjson": {} } });
  const error = { code: "JOURNAL_UNWRITABLE", exitCode: 4 };
  const entry = { time, event: "e" };
  await t.rejects(openJournal(path.join(folder, "file")).append("one", entry), error);
  const journal = openJournal(path.join(folder, "bad"));
  await t.rejects(journal.append("one", entry), error);
  await t.resolves(journal.append("two", entry));
});

t.test("the id of a run cannot lead out of the folder", async (t) => {
  const folder = t.testdir({ runs: {} });
  const journal = openJournal(path.join(folder, "runs"));
  for (const id of ["../evil", "a/b", "", ".."]) {
    await t.rejects(journal.append(id, { time, event: "e" }), { code: "JOURNAL_UNWRITABLE" });
  }
  t.strictSame(readdirSync(folder), ["runs"]);
});

t.test("a folder that is not ours to write", async (t) => {
  if (process.getuid?.() === 0) {
    t.plan(0, "root may write everywhere");
    return;
  }
  const folder = t.testdir({});
  chmodSync(folder, 0o500);
  t.teardown(() => chmodSync(folder, 0o700));
  await t.rejects(openJournal(folder).append("one", { time, event: "e" }), {
    code: "JOURNAL_UNWRITABLE",
  });
});
