import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { checkPlan, findSurprises } from "../../lib/tofu/check-plan.ts";
import { parsePlan } from "../../lib/tofu/parse-plan.ts";

/** Plans of the main stack, as the real tofu shows them. */
const folder = path.join(repositoryRoot, "test/fixtures/tofu/plans");
const read = (name: string) => readFileSync(path.join(folder, `${name}.json`), "utf8");
const load = (name: string) => ({ changes: parsePlan(read(name)) });

const expected = [{ name: "www.example.com", type: "A", from: "203.0.113.1", to: "203.0.113.2" }];
const at = (key: string) => `module.dns.cloudflare_dns_record.this["${key}"]`;

t.test("the expected change alone is no surprise, what stays is none either", async (t) => {
  t.strictSame(findSurprises(load("move"), expected), []);
  t.strictSame(load("stays").changes, []);
  t.strictSame(findSurprises(load("stays"), []), []);
  t.doesNotThrow(() => checkPlan(load("move"), expected));
});

/** What each of these plans does beside what is expected, or instead of it. */
const surprises: Readonly<Record<string, readonly { address: string; says: string }[]>> = {
  "another-too": [
    {
      address: at("A status.example.com"),
      says: 'it is not to be changed: content "203.0.113.1" → "203.0.113.2"',
    },
  ],
};

for (const [name, wanted] of Object.entries(surprises)) {
  t.test(`a plan with a surprise: ${name}`, async (t) => {
    t.strictSame(findSurprises(load(name), expected), wanted);
    t.throws(() => checkPlan(load(name), expected), { code: "TOFU_PLAN_SURPRISE" });
  });
}

t.test("what is secret in a plan is not kept", async (t) => {
  t.match(read("secret"), "not to be seen");
  t.notMatch(JSON.stringify(load("secret")), "not to be seen");
});

t.test("a plan that cannot be read, or has failed, is none", async (t) => {
  for (const [text, why] of [
    ["{", "what tofu shows of it is no JSON"],
    ["{}", "its format is not told"],
    ['{"format_version":"2.0"}', "its format is 2.0"],
    ['{"format_version":"1.2","errored":true}', "the planning of it has failed"],
  ] as const) {
    t.throws(() => parsePlan(text), { code: "TOFU_FAILED", why });
  }
});
