import t from "tap";
import { renderGithub } from "../../lib/lint/formats/github.ts";
import { renderSarif } from "../../lib/lint/formats/sarif.ts";
import { renderText } from "../../lib/lint/formats/text.ts";
import type { Report } from "../../lib/lint/report.ts";
import { rules } from "../../lib/lint/rules.ts";

const report: Report = {
  findings: [
    {
      rule: "schema",
      code: "CONFIG_KEY_UNKNOWN",
      message: 'unknown key "a,b:c"',
      where: { file: "apps/my shop,1.yaml", line: 3, column: 5 },
      why: "100 % of it\nis unknown",
      fix: "Remove it",
    },
    {
      rule: "file",
      code: "FILE_BINARY",
      message: "this is no text",
      where: { file: "x.yaml" },
      fix: "Remove it",
    },
  ],
  counts: { files: 2, objects: 1, ignored: 1, serverRules: 313, notRendered: 2, unmadeSecrets: 3 },
};

t.test("text has place, code, reason and fix, and what was not looked at", async (t) => {
  t.equal(
    renderText(report),
    `apps/my shop,1.yaml:3:5: unknown key "a,b:c"  [CONFIG_KEY_UNKNOWN]
  why  100 % of it
       is unknown
  fix  Remove it

x.yaml: this is no text  [FILE_BINARY]
  fix  Remove it

1 object in 2 files: 2 findings; 1 finding ignored; 313 rules (CEL) of these kinds only the API server evaluates; 2 kustomizations or charts not or not wholly rendered; 3 encrypted files are not there yet: scripts/setup/init-secrets.ts makes them
`,
  );
  const findings = report.findings.map((one) => ({ ...one, where: { file: "a\nb" } }));
  const strange = { ...report, findings };
  t.match(renderText(strange), /^a\?b: unknown key/);
  const counts = {
    files: 1,
    objects: 0,
    ignored: 0,
    serverRules: 0,
    notRendered: 0,
    unmadeSecrets: 0,
  };
  t.equal(renderText({ findings: [], counts }), "0 objects in 1 file: nothing wrong\n");
});

t.test("an annotation of GitHub escapes what would end it", async (t) => {
  t.equal(
    renderGithub(report),
    [
      '::error file=apps/my shop%2C1.yaml,line=3,col=5,title=CONFIG_KEY_UNKNOWN::unknown key "a,b:c"%0A100 %25 of it%0Ais unknown%0ARemove it',
      "::error file=x.yaml,line=1,col=1,title=FILE_BINARY::this is no text%0ARemove it",
      "",
    ].join("\n"),
  );
});

t.test("SARIF has every rule and every finding", async (t) => {
  const log = JSON.parse(renderSarif(report, rules)) as {
    version: string;
    runs: { tool: { driver: { rules: { id: string }[] } }; results: unknown[] }[];
  };
  t.equal(log.version, "2.1.0");
  const [run] = log.runs;
  t.strictSame(
    run?.tool.driver.rules.map(({ id }) => id),
    rules.map(({ id }) => id),
  );
  t.match(run?.results, [
    {
      ruleId: "schema",
      level: "error",
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "apps/my%20shop,1.yaml" },
            region: { startLine: 3, startColumn: 5 },
          },
        },
      ],
    },
    { ruleId: "file" },
  ]);
});
