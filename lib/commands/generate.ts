import { type Command, defineCommand } from "../cli/define-command.ts";
import { commonFlags } from "../cli/common-flags.ts";
import { exitCodes } from "../errors.ts";

export interface GeneratedFile {
  /** Relative to the repository's root. */
  file: string;
  text: string;
}

/** Writes what is made from something else in this repository; a test fails when it is stale. */
export const generate = defineCommand({
  script: "scripts/dev/generate.ts",
  summary: "Write anew what is made from the code: reference pages, and schemas for editors",
  examples: [
    { line: "npm run generate", does: "after a command, a flag, a rule or a schema has changed" },
  ],
  flags: { json: commonFlags.json, verbose: commonFlags.verbose },
  async run() {
    const { mkdir, writeFile } = await import("node:fs/promises");
    const path = await import("node:path");
    const { repositoryRoot } = await import("../config/paths.ts");
    const files = await renderGenerated();
    for (const { file, text } of files) {
      const target = path.join(repositoryRoot, file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, text);
    }
    const names = files.map(({ file }) => file);
    return { exitCode: exitCodes.done, text: `${names.join("\n")}\n`, json: names };
  },
});

/** Every generated file, as it has to be. */
export async function renderGenerated(): Promise<GeneratedFile[]> {
  const { renderReference } = await import("../cli/render-reference.ts");
  const { renderRules } = await import("../lint/explain-rule.ts");
  const { ownSchemas } = await import("../lint/own-files.ts");
  const pages = (await listCommands()).map((command) => ({
    file: `docs/reference/${command.script.replace("scripts/", "").replace(".ts", ".md")}`,
    text: renderReference(command),
  }));
  const { buildVariablesSchema } = await import("../inventory/variables.ts");
  const all = { ...ownSchemas, variables: await buildVariablesSchema() };
  const schemas = Object.entries(all).map(([name, schema]) => ({
    file: `config/schemas/own/${name}.json`,
    text: renderEditorSchema(schema as object),
  }));
  return [...pages, { file: "docs/reference/rules.md", text: renderRules() }, ...schemas];
}

/** In the draft that editors read; its name there is that of the file. */
function renderEditorSchema(schema: object): string {
  const { $id: _id, ...rest } = schema as { $id?: string };
  const draft = "http://json-schema.org/draft-07/schema#";
  return `${JSON.stringify({ $schema: draft, ...rest }, undefined, 2)}\n`;
}

/** All commands that have a script. */
export async function listCommands(): Promise<Command[]> {
  const commands = await Promise.all([
    import("./doctor.ts").then((module) => module.doctor),
    import("./init-secrets.ts").then((module) => module.initSecrets),
    import("./init-cluster.ts").then((module) => module.initCluster),
    import("./join-node.ts").then((module) => module.joinNode),
    import("./remove-node.ts").then((module) => module.removeNode),
    import("./rotate-secrets.ts").then((module) => module.rotateSecrets),
    import("./failover.ts").then((module) => module.failover),
    import("./restore-workload.ts").then((module) => module.restoreWorkload),
    import("./dr-status.ts").then((module) => module.drStatus),
    import("./dns-status.ts").then((module) => module.dnsStatus),
    import("../../lab/commands/up.ts").then((module) => module.labUp),
    import("../../lab/commands/down.ts").then((module) => module.labDown),
    import("../../lab/commands/status.ts").then((module) => module.labStatus),
    import("../../lab/commands/shell.ts").then((module) => module.labShell),
    import("../../lab/commands/drill.ts").then((module) => module.labDrill),
    import("../../lab/commands/build-restore-image.ts").then((module) => module.buildRestoreImage),
    import("./validate.ts").then((module) => module.validate),
    import("../../lab/commands/bench-validate.ts").then((module) => module.benchValidate),
    import("./bench-startup.ts").then((module) => module.benchStartup),
    import("./new-app.ts").then((module) => module.newApp),
    import("./update-schemas.ts").then((module) => module.updateSchemas),
  ]);
  return [...commands, generate];
}
