import { commonFlags } from "../../lib/cli/common-flags.ts";
import { defineCommand } from "../../lib/cli/define-command.ts";
import { type ExitCode, InfraError } from "../../lib/errors.ts";

export const labShell = defineCommand({
  script: "scripts/lab/shell.ts",
  summary: "Open a shell on the lab's network, where the lab is the site of every command",
  examples: [
    { line: "zx scripts/lab/shell.ts", does: "open a shell; exit leaves it" },
    { line: "zx scripts/lab/shell.ts -- ssh vps-aws-1 uptime", does: "run one command there" },
    {
      line: "zx scripts/lab/shell.ts -- zx scripts/dr/status.ts",
      does: "run a script on the lab's cluster",
    },
  ],
  flags: { verbose: commonFlags.verbose },
  rest: "PROGRAM ARGUMENT…",
  async run({ rest }, terminal) {
    const { findPaths } = await import("../paths.ts");
    const { checkAsker, readAsker } = await import("../requirements.ts");
    const { isNamespace, operatorNamespace } = await import("../network.ts");
    const { runAsOperator } = await import("../operator.ts");
    const paths = findPaths();
    checkAsker(await readAsker(paths), paths);
    if (!(await isNamespace(operatorNamespace))) {
      throw new InfraError({
        code: "LAB_NOT_UP",
        message: "the lab is not up",
        fix: "Bring it up: zx scripts/lab/up.ts",
      });
    }
    if (rest.length === 0) terminal.err("The operator's shell of the lab; exit leaves it\n");
    const [program = findShell(), ...args] = rest;
    const code = await runAsOperator(paths, [program, ...args]);
    // Whatever the program's codes mean, they are the answer that was asked for.
    return { exitCode: code as ExitCode, text: "", json: undefined };
  },
});

function findShell(): string {
  return process.env["SHELL"] || "/bin/sh";
}
