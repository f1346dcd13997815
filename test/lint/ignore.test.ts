import t from "tap";
import { applyIgnoreList, type IgnoreEntry } from "../../lib/lint/ignore.ts";
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
const file = "config/lint-ignore.yaml";

async function apply(entries: readonly IgnoreEntry[], options = {}) {
  return await applyIgnoreList([finding], {
    file,
    text: JSON.stringify({ ignore: entries }, undefined, 2),
    entries,
    halfJudged: new Set(),
    today: "2026-12-31",
    ...options,
  });
}

async function listCodes(change: Partial<IgnoreEntry>, options = {}) {
  const { findings, ignored } = await apply([{ ...entry, ...change }], options);
  return [ignored, ...findings.map(({ code }) => code)];
}

t.test("a finding is accepted up to the day that the entry names", async (t) => {
  t.strictSame(await listCodes({}), [1]);
  t.strictSame(await listCodes({}, { today: "2027-01-01" }), [
    0,
    "IMAGE_UNPINNED",
    "IGNORE_EXPIRED",
  ]);
});

t.test("an entry is for its rule, its files and its code only", async (t) => {
  t.strictSame(await listCodes({ code: "IMAGE_UNPINNED" }), [1]);
  t.strictSame(await listCodes({ file: "kubernetes/apps/shop/app.yaml" }), [1]);
  t.strictSame(await listCodes({ file: "**/kubernetes/apps/shop/*.yaml" }), [1]);
  for (const change of [
    { rule: "schema" },
    { file: "kubernetes/infrastructure/**" },
    { file: "kubernetes/apps/*" },
    { code: "OTHER" },
  ]) {
    t.strictSame(
      await listCodes(change),
      [0, "IMAGE_UNPINNED", "IGNORE_UNUSED"],
      JSON.stringify(change),
    );
  }
});

t.test(
  "an entry for what only rendering shows is not unused where nothing was rendered",
  async (t) => {
    const halfJudged = new Set(["kubernetes/apps/shop/kustomization.yaml"]);
    t.strictSame(await listCodes({ rule: "schema" }, { halfJudged }), [0, "IMAGE_UNPINNED"]);
    t.strictSame(await listCodes({ file: "kubernetes/bootstrap/**" }, { halfJudged }), [
      0,
      "IMAGE_UNPINNED",
      "IGNORE_UNUSED",
    ]);
  },
);

t.test("what is wrong with an entry is told where it stands", async (t) => {
  const { findings } = await apply([entry, { ...entry, rule: "schema" }]);
  t.match(findings, [{ code: "IGNORE_UNUSED", where: { file, line: 9, column: 5 } }]);
});
