import { commonFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import { exitCodes, InfraError } from "../errors.ts";

export const validate = defineCommand({
  script: "scripts/ci/validate.ts",
  summary:
    "Find what the cluster, Argo CD, Velero or a failover would stumble over, before they do",
  examples: [
    { line: "npm run validate", does: "judge every file of this repository" },
    { line: "zx scripts/ci/validate.ts kubernetes/apps", does: "judge one folder" },
    { line: "zx scripts/ci/validate.ts --explain pvc-without-backup", does: "show a rule's page" },
    {
      line: "zx scripts/ci/validate.ts --format sarif",
      does: "give the findings to code scanning",
    },
  ],
  operand: { value: "DIR", help: "the folder to judge (default: this repository)" },
  flags: {
    format: {
      type: "string",
      value: "FORMAT",
      oneOf: ["text", "github", "sarif"],
      default: "text",
      help: "what the findings are written as: text, annotations of GitHub Actions, or SARIF",
    },
    cache: { type: "boolean", help: "judge only files that have changed since the last time" },
    explain: { type: "string", value: "RULE", help: "show what a rule asks for and why, and stop" },
    fix: { type: "boolean", help: "write anew what has one right answer, then judge" },
    server: {
      type: "boolean",
      help: "let the site's cluster judge the objects, too; it keeps nothing",
    },
    ...commonFlags,
  },
  async run({ flags, operand }) {
    if (flags.explain !== undefined) {
      const { explainRule } = await import("../lint/explain-rule.ts");
      const { text, json } = explainRule(flags.explain);
      return { exitCode: exitCodes.done, text, json };
    }
    if (flags.json && flags.format !== "text") throw twoFormats(flags.format);
    const { openValidation } = await import("./open-validation.ts");
    const env = process.env;
    const kubeconfigFile = flags.server ? await findKubeconfig(flags, env) : undefined;
    const { cache: withCache, fix } = flags;
    const report = await openValidation({ operand, withCache, fix, kubeconfigFile }, env);
    return {
      exitCode: report.findings.length === 0 ? exitCodes.done : exitCodes.findings,
      text: await render(report, flags.format),
      json: report,
    };
  },
});

function twoFormats(format: string): InfraError {
  return new InfraError({
    code: "CLI_VALUE_INVALID",
    message: `--json and --format ${format} are two formats`,
    fix: "Give one of them",
  });
}

async function findKubeconfig(
  flags: { site: string | undefined; kubeconfig: string | undefined },
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const { loadSite } = await import("../config/site.ts");
  return (await loadSite({ ...flags, env })).kubeconfigFile;
}

async function render(
  report: import("../lint/report.ts").Report,
  format: "text" | "github" | "sarif",
): Promise<string> {
  switch (format) {
    case "text":
      return (await import("../lint/formats/text.ts")).renderText(report);
    case "github":
      return (await import("../lint/formats/github.ts")).renderGithub(report);
    case "sarif": {
      const { renderSarif } = await import("../lint/formats/sarif.ts");
      const { rules } = await import("../lint/rules.ts");
      return renderSarif(report, rules);
    }
  }
}
