import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { commonFlags } from "../../lib/cli/common-flags.ts";
import { type CommandResult, defineCommand } from "../../lib/cli/define-command.ts";
import { registerSecret } from "../../lib/cli/redact.ts";
import { runCommand } from "../../lib/cli/run-command.ts";
import type { Terminal } from "../../lib/cli/terminal.ts";
import { InfraError } from "../../lib/errors.ts";
import { createFakeTerminal } from "../support/fake-terminal.ts";

// The exit codes of the commands below are not those of this test.
t.afterEach(() => {
  process.exitCode = undefined;
});

async function run(
  args: string[],
  body: (terminal: Terminal) => CommandResult | Promise<CommandResult>,
  terminal = createFakeTerminal({ isInteractive: true, answers: ["yes"] }),
) {
  const command = defineCommand({
    script: "scripts/dev/test.ts",
    summary: "Test",
    examples: [],
    flags: commonFlags,
    run: async (_input, given) => await body(given),
  });
  const exitCode = await runCommand(command, args, terminal);
  const { stdout, stderr, questions } = terminal;
  return { exitCode, stdout, stderr, questions, processExitCode: process.exitCode };
}

const result: CommandResult = { exitCode: 0, text: "text", json: { a: 1 } };

t.test("text goes to stdout as lines", async (t) => {
  t.match(await run([], () => result), { exitCode: 0, stdout: "text\n", stderr: "" });
  t.match(await run([], () => ({ ...result, text: "a\n" })), { stdout: "a\n" });
  t.match(await run([], () => ({ ...result, text: "" })), { stdout: "" });
});

t.test("the exit code is the process's", async (t) => {
  const ran = await run([], () => ({ ...result, exitCode: 1 }));
  t.match(ran, { exitCode: 1, processExitCode: 1, stdout: "text\n" });
});

t.test("--json prints one document", async (t) => {
  const { stdout, stderr } = await run(["--json"], () => result);
  t.same(JSON.parse(stdout), { ok: true, command: "scripts/dev/test.ts", result: { a: 1 } });
  t.equal(stderr, "");
  const findings = await run(["--json"], () => ({ ...result, exitCode: 1, json: undefined }));
  t.same(JSON.parse(findings.stdout), { ok: false, command: "scripts/dev/test.ts", result: null });
});

t.test("--help wins over everything else", async (t) => {
  for (const args of [["--help"], ["-h"], ["--nonsense", "--help"], ["--json", "--help"]]) {
    const ran = await run(args, () => t.fail("it ran") as never);
    t.match(ran, { exitCode: 0, stdout: /^Test\n\nUsage:/, stderr: "" });
  }
});

t.test("an error is told on stderr, or in the document", async (t) => {
  const where = { file: "a.yaml", line: 1 };
  const fail = (): never => {
    throw new InfraError({ code: "TEST_A", message: "no", where, why: "w", fix: "f", exitCode: 4 });
  };
  const text = "error: no  [TEST_A]\n  at   a.yaml:1\n  why  w\n  fix  f\n";
  t.match(await run([], fail), { exitCode: 4, processExitCode: 4, stdout: "", stderr: text });
  const ran = await run(["--json"], fail);
  t.match(ran, { exitCode: 4, stderr: "" });
  t.same(JSON.parse(ran.stdout), {
    ok: false,
    command: "scripts/dev/test.ts",
    error: { code: "TEST_A", message: "no", where, why: "w", fix: "f" },
  });
});

t.test("wrong flags are told in the same way", async (t) => {
  const ran = await run(["--jsno"], () => result);
  t.match(ran, { exitCode: 2, stdout: "", stderr: /^error: unknown flag --jsno  \[CLI_FLAG_UNK/ });
  const json = await run(["--json", "--site"], () => result);
  t.match(JSON.parse(json.stdout), { ok: false, error: { code: "CLI_VALUE_MISSING" } });
});

t.test("anything else that is thrown is a defect", async (t) => {
  const crash = (): never => {
    throw new TypeError("x is not a function");
  };
  const ran = await run([], crash);
  t.match(ran, {
    exitCode: 70,
    stdout: "",
    stderr: /\[INFRA_DEFECT\]\n {2}why {2}TypeError: x is/,
  });
  t.notMatch(ran.stderr, "run-command.test.ts");
  t.match((await run(["--verbose"], crash)).stderr, /\n {4}at .*run-command\.test\.ts/);
  const json = await run(["--json", "--verbose"], crash);
  t.match(JSON.parse(json.stdout), { ok: false, error: { code: "INFRA_DEFECT" } });
  t.match(json.stderr, /^TypeError: x is not a function\n {4}at /);
});

t.test("an interruption is recognised inside Node's AbortError", async (t) => {
  const reason = new InfraError({ code: "RUN_INTERRUPTED", message: "interrupted", exitCode: 130 });
  const terminal = createFakeTerminal();
  const running = run(
    [],
    async ({ interrupted }) => await sleep(10_000, result, { signal: interrupted }),
    terminal,
  );
  await sleep(1);
  terminal.interrupt(reason);
  t.match(await running, { exitCode: 130, stderr: "error: interrupted  [RUN_INTERRUPTED]\n" });
});

t.test("no secret passes, whichever way it takes", async (t) => {
  const secret = 'line-one"\n  line-two';
  registerSecret(secret);
  registerSecret("8675309");
  const everywhere = async (terminal: Terminal): Promise<CommandResult> => {
    terminal.out(`${secret}\n`);
    terminal.err(`${secret}\n`);
    await terminal.ask(`${secret}? `);
    return { exitCode: 0, text: secret, json: { secret, number: 8675309 } };
  };
  const fail = (): never => {
    throw new InfraError({
      code: "TEST_A",
      message: secret,
      where: { file: secret },
      why: `first\n${secret}`,
      fix: secret,
      cause: new Error(secret),
    });
  };
  for (const args of [[], ["--json"], ["--verbose"], ["--json", "--verbose"]]) {
    for (const body of [everywhere, fail]) {
      const { stdout, stderr, questions } = await run(args, body);
      const all = [stdout, stderr, ...questions].join("\n");
      t.notMatch(all, /line-one|line-two|8675309/, `${body.name} ${args.join(" ")}`);
      t.match(all, "[secret]");
    }
  }
  const { stdout } = await run(["--json"], () => ({
    ...result,
    json: { secret, number: 8675309 },
  }));
  t.match(JSON.parse(stdout), { result: { secret: "[secret]", number: "[secret]" } });
});

t.test("with --json nothing is redrawn", async (t) => {
  const tell = (terminal: Terminal): CommandResult => {
    terminal.err(`${terminal.isInteractive} ${terminal.columns}`);
    return result;
  };
  t.equal((await run([], tell)).stderr, "true 80");
  t.equal((await run(["--json"], tell)).stderr, "false 80");
});
