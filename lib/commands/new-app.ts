import type { NewApp } from "../apps/plan-new-app.ts";
import { commonFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import { exitCodes } from "../errors.ts";

export const newApp = defineCommand({
  script: "scripts/dev/new-app.ts",
  summary: "Write the manifests of a new app from the template, and list it for Argo CD",
  examples: [
    {
      line: "zx scripts/dev/new-app.ts photos --tier critical",
      does: "an app whose data is backed up every hour, at photos.example.com by an Ingress",
    },
    {
      line: "zx scripts/dev/new-app.ts website --tier stateless --route gateway",
      does: "two pods without data, behind a Gateway",
    },
    {
      line: "zx scripts/dev/new-app.ts worker --tier standard --route none --dry-run",
      does: "show what would be written, and write nothing",
    },
  ],
  operand: {
    value: "NAME",
    required: true,
    help: "what the app, its folder and its namespace are called",
  },
  flags: {
    tier: {
      type: "string",
      value: "TIER",
      oneOf: ["critical", "standard", "stateless"],
      required: true,
      help: "its data: critical (backed up every hour), standard (every day) or stateless (none)",
    },
    route: {
      type: "string",
      value: "ROUTE",
      oneOf: ["ingress", "gateway", "none"],
      default: "ingress",
      help: "how people reach it: ingress, gateway (an HTTPRoute) or none (nobody but the cluster)",
    },
    "with-secret": { type: "boolean", help: "let Argo CD decrypt a Secret for it" },
    "dry-run": { type: "boolean", help: "show what would be written, and write nothing" },
    json: commonFlags.json,
    verbose: commonFlags.verbose,
  },
  async run({ flags, operand: name = "" }) {
    const { repositoryRoot: root } = await import("../config/paths.ts");
    const { planNewApp } = await import("../apps/plan-new-app.ts");
    const { checkFolder, readAppSources, writeApp } = await import("./app-files.ts");
    const { tier, route, withSecret: hasSecret, dryRun } = flags;
    const app = await planNewApp({ name, tier, route, hasSecret }, await readAppSources(root));
    await checkFolder(root, app);
    if (!dryRun) await writeApp(root, app);
    const { folder, files, next } = app;
    return {
      exitCode: exitCodes.done,
      text: dryRun ? renderDryRun(app) : renderWritten(app),
      json: { folder, files: Object.fromEntries(files), next, dryRun },
    };
  },
});

function renderDryRun({ folder, files }: NewApp): string {
  const shown = [...files].map(([file, text]) => `--- ${folder}/${file}\n${text}`);
  return `${shown.join("")}---\nNothing was written\n`;
}

function renderWritten({ folder, files, next }: NewApp): string {
  const written = [...files.keys()].map((file) => `${folder}/${file}\n`);
  const left = next.map((line) => `  - ${line}\n`);
  return `${written.join("")}It is listed in kubernetes/apps/kustomization.yaml. Left for you:\n${left.join("")}`;
}
