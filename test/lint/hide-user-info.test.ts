import t from "tap";
import { hideUserInfo } from "../../lib/manifests/urls.ts";
import { listInvalid } from "../support/fixtures.ts";
import { createFixtureJudge } from "../support/lint-fixtures.ts";

/** In the form of no provider, so that only its place can give it away. */
const token = "planted-7f3a9c";

t.test("a URL is told without what signs in", async (t) => {
  const told: Record<string, string> = {
    [`https://user:${token}@git.example.org/infra.git`]: "https://git.example.org/infra.git",
    [`https://${token}@git.example.org`]: "https://git.example.org",
    [`"https://a:b@${token}@git.example.org/x" twice https://${token}@x`]:
      '"https://git.example.org/x" twice https://x',
    "https://git.example.org/@scope?to=a@b": "https://git.example.org/@scope?to=a@b",
    "nginx:1.29.1@sha256:00": "nginx:1.29.1@sha256:00",
  };
  for (const [url, expected] of Object.entries(told)) t.equal(hideUserInfo(url), expected);
});

t.test("no finding shows the token of a URL", async (t) => {
  const judgeText = await createFixtureJudge();
  const rules = ["argo-project", "argo-destination", "argo-path", "kustomization", "schema"];
  const fixtures = rules.flatMap((rule) =>
    [...listInvalid(rule)].map(({ name, text }) => ({ rule, name, text })),
  );
  let planted = 0;
  for (const { rule, name, text } of fixtures.filter((one) => one.text.includes("https://"))) {
    const findings = await judgeText(text.replaceAll("https://", `https://me:${token}@`), rule);
    planted += findings.length;
    t.notMatch(JSON.stringify(findings), token, `${rule}/${name}`);
  }
  t.ok(planted > 20, `${planted} findings`);
});
