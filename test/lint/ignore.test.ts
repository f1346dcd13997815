import t from "tap";
import { applyIgnoreList } from "../../lib/lint/ignore.ts";
import type { Finding } from "../../lib/lint/rule.ts";

const finding: Finding = {
  rule: "image-unpinned",
  code: "IMAGE_UNPINNED",
  message: "the image moves",
  where: { file: "kubernetes/apps/shop/app.yaml", line: 3, column: 1 },
  fix: "Pin it",
};
const entry = {
  rule: "image-unpinned",
  file: "kubernetes/apps/**",
  reason: "upstream has no tags",
  until: "2026-12-31",
};

function apply(change: Partial<typeof entry & { code: string }>, today = "2026-12-31") {
  const { findings, ignored } = applyIgnoreList([finding], [{ ...entry, ...change }], today);
  return [ignored, ...findings.map(({ code }) => code)];
}

t.test("a finding is accepted up to the day that the entry names", async (t) => {
  t.strictSame(apply({}), [1]);
  t.strictSame(apply({}, "2027-01-01"), [0, "IMAGE_UNPINNED", "IGNORE_EXPIRED"]);
});

t.test("an entry is for its rule, its files and its code only", async (t) => {
  t.strictSame(apply({ code: "IMAGE_UNPINNED" }), [1]);
  t.strictSame(apply({ file: "kubernetes/apps/shop/app.yaml" }), [1]);
  for (const change of [
    { rule: "schema" },
    { file: "kubernetes/infrastructure/**" },
    { file: "kubernetes/apps/*" },
    { code: "OTHER" },
  ]) {
    t.strictSame(apply(change), [0, "IMAGE_UNPINNED", "IGNORE_UNUSED"], JSON.stringify(change));
  }
});
