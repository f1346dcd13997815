import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { checkPlan, findSurprises } from "../../lib/tofu/check-plan.ts";
import { parsePlan } from "../../lib/tofu/parse-plan.ts";

/**
 * Plans of the main stack as the real tofu shows them, with the real provider (5.22.0) against the lab's
 * emulator, cut down to what is read; came-from.json was made with OpenTofu's own resource.
 */
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

const missing = {
  address: "A www.example.com",
  says: "it does not change from 203.0.113.1 to 203.0.113.2",
};

/** What each of these plans does beside what is expected, or instead of it. */
const surprises: Readonly<Record<string, readonly { address: string; says: string }[]>> = {
  "another-too": [
    {
      address: at("A status.example.com"),
      says: 'it is not to be changed: content "203.0.113.1" → "203.0.113.2"',
    },
  ],
  "came-from": [
    { address: at("A health.example.com"), says: `it comes from ${at("A status.example.com")}` },
  ],
  drifted: [
    {
      address: at("A www.example.com"),
      says: 'it is not to be changed: content "203.0.113.77" → "203.0.113.2"',
    },
    missing,
  ],
  made: [{ address: at("A new.example.com"), says: "it is made" }],
  "made-anew": [{ address: at("A www.example.com"), says: "it is made anew" }, missing],
  "no-record": [{ address: "terraform_data.other", says: "it is made" }],
  "other-address": [
    {
      address: at("A www.example.com"),
      says: 'it is not to be changed: content "203.0.113.1" → "203.0.113.9"',
    },
    missing,
  ],
  "other-ttl": [
    {
      address: at("A www.example.com"),
      says: "it is to be changed, but not in this: ttl 300 → 600",
    },
  ],
  output: [{ address: "output.more", says: "it is made" }],
  proxied: [
    {
      address: at("A www.example.com"),
      says: "it is to be changed, but not in this: proxied false → true, ttl 300 → 1",
    },
  ],
  removed: [{ address: at("CNAME docs.example.com"), says: "it is removed" }],
  stays: [missing],
  "taken-over": [{ address: at("A old.example.com"), says: "it is taken over from what is there" }],
  "done-already": [missing],
  gone: [{ address: at("A status.example.com"), says: "it is made" }],
  "other-drifted": [
    { address: at("A status.example.com"), says: "it is not to be changed: ttl 600 → 1" },
  ],
};

for (const [name, wanted] of Object.entries(surprises)) {
  t.test(`a plan with a surprise: ${name}`, async (t) => {
    t.strictSame(findSurprises(load(name), expected), wanted);
    t.throws(() => checkPlan(load(name), expected), { code: "TOFU_PLAN_SURPRISE" });
  });
}

t.test("what no plan of ours did yet is a surprise as well", async (t) => {
  const [change] = load("move").changes;
  if (change === undefined) throw new Error("the plan changes nothing");
  for (const [over, says] of [
    [{ actions: ["forget"] }, "it is forgotten, and stays without an owner"],
    [{ actions: ["read"] }, "it is read only when the plan is carried out"],
    [{ actions: ["ponder"] }, 'it is to "ponder"'],
    [{ type: "other" }, /^it is changed, and is no record: content /],
    [
      { unknown: ["content"], after: { ...change.after, content: undefined } },
      /content "203\.0\.113\.1" → what is not known yet/,
    ],
    [{ unknown: ["id"] }, /^it is to be changed, but not in this: id .* → what is not known yet$/],
  ] as const) {
    const [surprise] = findSurprises({ changes: [{ ...change, ...over }] }, expected);
    t.match(surprise, { says });
  }
});

t.test("each expected change is one change", async (t) => {
  const { changes } = load("move");
  t.match(findSurprises({ changes: [...changes, ...changes] }, expected), [
    { says: /^it is not to be changed: / },
  ]);
});

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
