import { commonFlags } from "../../lib/cli/common-flags.ts";
import { type Command, defineCommand } from "../../lib/cli/define-command.ts";
import { findArguments } from "../../lib/cli/find-arguments.ts";
import { type ExitCode, InfraError } from "../../lib/errors.ts";

const script = "scripts/lab/shell.ts";

/** Our own arguments, and the command line that stands behind a `--`. */
export function splitArguments(argv: string[]): { own: string[]; argv: string[] } {
  const args = findArguments(argv, script);
  const end = args.indexOf("--");
  if (end === -1) return { own: args, argv: [] };
  return { own: args.slice(0, end), argv: args.slice(end + 1) };
}

/**
 * The command that runs `argv` where the operator of the lab is, a shell when there is none. Its
 * exit code is the program's own.
 */
export function defineShell(argv: readonly string[]): Command {
  return defineCommand({
    script,
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
    async run(_, terminal) {
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
      if (argv.length === 0) terminal.err("The operator's shell of the lab; exit leaves it\n");
      const code = await runAsOperator(paths, argv.length === 0 ? [findShell()] : argv);
      // Whatever the program's codes mean, they are the answer that was asked for.
      return { exitCode: code as ExitCode, text: "", json: undefined };
    },
  });
}

function findShell(): string {
  return process.env["SHELL"] || "/bin/sh";
}
