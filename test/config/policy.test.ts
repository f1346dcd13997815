import t from "tap";
import { loadPolicy } from "../../lib/config/policy.ts";
import { checkFixtures } from "../support/check-fixtures.ts";

await checkFixtures(t, "policy", ({ file }) => loadPolicy(file));

t.test("the policy of the repository loads, with its defaults", async (t) => {
  t.strictSame(await loadPolicy(), { restoreConcurrency: undefined, freeSpaceFactor: 1.3 });
});

t.test("an empty policy has the defaults", async (t) => {
  const folder = t.testdir({ "policy.yaml": "{}\n" });
  t.strictSame(await loadPolicy(`${folder}/policy.yaml`), {
    restoreConcurrency: undefined,
    freeSpaceFactor: 1.3,
  });
});
