import t from "tap";
import { renderDrillMarkdown, renderDrillText } from "../../lab/drill/render-report.ts";
import { buildDrillReport } from "../../lab/drill/report.ts";
import { drillReportSchema } from "../../lab/drill/report.schema.ts";
import { getValidator } from "../../lib/schema/ajv.ts";
import { makeFacts } from "../support/drill-facts.ts";

t.test("the report is what its schema says, also of a drill that failed early", async (t) => {
  const validate = await getValidator(drillReportSchema);
  const good = JSON.parse(JSON.stringify(buildDrillReport(makeFacts())));
  t.ok(validate(good), JSON.stringify(validate.errors));
  const failed = makeFacts();
  failed.failover = { ...failed.failover, exitCode: 2, steps: [] };
  delete failed.failover.report;
  const early = JSON.parse(JSON.stringify(buildDrillReport(failed)));
  t.ok(validate(early), JSON.stringify(validate.errors));
  t.notOk(validate({ ...good, version: 2 }));
  t.notOk(validate({ ...good, more: 1 }));
});

t.test(
  "a person sees the figures side by side, and each check with what it measured",
  async (t) => {
    const text = renderDrillText(buildDrillReport(makeFacts()));
    t.match(text, /kill +all Ready +50\.00/);
    t.match(text, /proof +all Ready +3\.00/);
    t.match(text, /shop\/base-postgres-0 +restored .* 240\.0 MB +4\.00 +60\.0 MB +1\.00 .* 4\.00/);
    t.match(text, /ok +No order confirmed before the announced recovery point is missing/);
    t.match(text, /All \d+ checks passed\./);
  },
);

t.test("a failed check stands out", async (t) => {
  const facts = makeFacts();
  facts.uploads = { first: 100, second: 50 };
  const text = renderDrillText(buildDrillReport(facts));
  t.match(
    text,
    /FAILED +The second backup uploaded only what had changed\n +50\.0 % .*wanted: at most 10 %/,
  );
  t.match(text, /1 of \d+ checks failed: second-backup-small/);
});

t.test("the Markdown says what was real and what only stood in", async (t) => {
  const facts = makeFacts();
  facts.database.amcheck = { exitCode: 2, output: "a | b\nc" };
  const text = renderDrillMarkdown(buildDrillReport(facts));
  t.match(text, /^# Drill of 2026-01-01T00:00:00\.000Z$/m);
  t.match(text, /^\| FAILED \| .* \| code 2: a \\\| b c \|/m);
  t.match(text, /## What stood in[^]+k3s: the command around Kubernetes/);
});
