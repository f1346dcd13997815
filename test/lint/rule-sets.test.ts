import t from "tap";
import { commonRules, loadAllRules } from "../../lib/lint/rule-sets.ts";
import { rules } from "../../lib/lint/rules.ts";

t.test("every rule that judges is in one set", async (t) => {
  const sets = [...commonRules, ...(await loadAllRules())].map(({ id }) => id);
  const judging = rules.filter(({ scope }) => scope !== "file").map(({ id }) => id);
  t.strictSame(sets.toSorted(), judging.toSorted());
});

t.test("no two rules have the same id", async (t) => {
  const ids = rules.map(({ id }) => id);
  t.strictSame([...new Set(ids)], ids);
});
