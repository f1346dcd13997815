import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";

const bin = path.join(repositoryRoot, "node_modules/.bin");
const script = "test/fixtures/cli/echo.ts";

const { CI: _ci, NO_COLOR: _color, ...environment } = process.env;
const env = { ...environment, PATH: `${bin}:${process.env["PATH"]}` };

function start(argv: string[], cwd = repositoryRoot) {
  const [file = "", ...args] = argv;
  return spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
}

async function run(argv: string[], cwd?: string) {
  const child = start(argv, cwd);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { stdout, stderr, exitCode: exitCode as number };
}

t.test("the shebang goes through npx", async (t) => {
  const [shebang] = readFileSync(path.join(repositoryRoot, script), "utf8").split("\n");
  t.equal(shebang, "#!/usr/bin/env -S npx --no-install zx");
});

const ways: Record<string, string[]> = {
  zx: ["zx", script],
  "zx with an option of its own": ["zx", "--verbose", script],
  // This is npx --no-install zx and the script: no other way through npx tells more.
  "its own shebang": [`./${script}`],
  node: [process.execPath, script],
};

for (const [way, argv] of Object.entries(ways)) {
  t.test(`${way}: the flags arrive as they were given`, async (t) => {
    // zx's own parser would take 007 for a number, --site for its own, and swallow --json.
    const flags = ["--name", "007", "--site", "a b;$(c)", "--json", "--verbose"];
    const { stdout, stderr, exitCode } = await run([...argv, ...flags]);
    t.match({ stderr, exitCode }, { stderr: "", exitCode: 0 });
    t.match(JSON.parse(stdout), {
      ok: true,
      command: script,
      result: { name: "007", site: "a b;$(c)", json: true, verbose: true, mode: "echo" },
    });
  });

  t.test(`${way}: a wrong flag ends with 2`, async (t) => {
    const { stdout, stderr, exitCode } = await run([...argv, "--nmae", "a"]);
    t.match({ stdout, exitCode }, { stdout: "", exitCode: 2 });
    t.match(
      stderr,
      "error: unknown flag --nmae  [CLI_FLAG_UNKNOWN]\n  fix  did you mean --name ?\n",
    );
  });
}

t.test("--help is ours and not zx's", async (t) => {
  const { stdout, exitCode } = await run(["zx", script, "--help"]);
  t.match({ stdout, exitCode }, { stdout: /^Say what was given\n\nExamples:\n/, exitCode: 0 });
});

t.test("from another folder of the repository", async (t) => {
  const folder = path.join(repositoryRoot, "test/fixtures");
  for (const argv of [["zx"], []]) {
    const { stdout, exitCode } = await run([...argv, "./cli/echo.ts", "--name", "a"], folder);
    t.match({ stdout, exitCode }, { stdout: /"name":"a"/, exitCode: 0 }, argv.join(" "));
  }
});

const ends: { mode: string; exitCode: number; stderr: RegExp }[] = [
  { mode: "fail", exitCode: 4, stderr: /^error: failed {2}\[TEST_FAILED\]\n {2}fix {2}Nothing\n$/ },
  { mode: "crash", exitCode: 70, stderr: /INFRA_DEFECT.*\n {2}why {2}TypeError: x is not/ },
  { mode: "crash-later", exitCode: 70, stderr: /INFRA_DEFECT.*\n {2}why {2}RangeError: later/ },
  { mode: "reject-later", exitCode: 70, stderr: /INFRA_DEFECT.*\n {2}why {2}RangeError: nobody/ },
];

for (const { mode, exitCode, stderr } of ends) {
  t.test(`${mode}: exit code ${exitCode} and no bare stack trace`, async (t) => {
    const ran = await run(["zx", script, "--mode", mode]);
    t.match(ran, { exitCode, stdout: "", stderr });
    t.notMatch(ran.stderr, /^ {4}at /m);
  });
}

t.test("no secret reaches stdout or stderr", async (t) => {
  for (const flags of [[], ["--json"], ["--verbose"]]) {
    const { stdout, stderr } = await run(["zx", script, "--mode", "leak", ...flags]);
    t.notMatch(stdout + stderr, /s3cr3t|quoted|czNjcj/, flags.join(" "));
    t.match(stdout + stderr, "[secret]");
  }
});

t.test("a reader that leaves early is no crash", async (t) => {
  const child = start(["zx", script, "--mode", "much"]);
  child.stdout.once("data", () => child.stdout.destroy());
  const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  t.match({ stderr, exitCode }, { stderr: "", exitCode: 0 });
});

t.test("a full disk is told, once, on stderr", async (t) => {
  for (const flags of ["", "--json"]) {
    const ran = await run(["sh", "-c", `exec zx ${script} ${flags} > /dev/full`]);
    t.match(ran, {
      exitCode: 4,
      stderr: /^error: .* \[CLI_OUTPUT_UNWRITABLE\]\n {2}why {2}ENOSPC/,
    });
    t.equal(ran.stderr.split("error:").length, 2);
  }
});

t.test("everything arrives where nobody leaves", async (t) => {
  const { stdout, exitCode } = await run(["zx", script, "--mode", "much"]);
  t.match({ length: stdout.length, exitCode }, { length: 2_500_000, exitCode: 0 });
});

t.test("without a terminal there is nobody to ask", async (t) => {
  const { stdout, stderr } = await run(["zx", script, "--mode", "ask"]);
  t.match({ stdout, stderr }, { stdout: "answer: undefined\n", stderr: "" });
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  t.test(`${signal} ends a command that listens, with 130`, async (t) => {
    const child = start(["zx", script, "--mode", "wait"]);
    child.stderr.once("data", () => child.kill(signal));
    const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    t.match(
      { stderr, exitCode },
      { stderr: /error: interrupted {2}\[RUN_INTERRUPTED\]/, exitCode: 130 },
    );
  });
}

t.test("one more Ctrl-C ends a command that does not listen", async (t) => {
  const child = start(["zx", script, "--mode", "stubborn"]);
  await once(child.stderr, "data");
  // Pressed again and again: on a busy machine two of them may arrive as one.
  const presses = setInterval(() => child.kill("SIGINT"), 600);
  const [exitCode, signal] = await once(child, "exit");
  clearInterval(presses);
  t.same([exitCode, signal], [130, null]);
});
