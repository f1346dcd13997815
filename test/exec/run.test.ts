import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { registerSecret } from "../../lib/cli/redact.ts";
import { run } from "../../lib/exec/run.ts";

const shell = (script: string): [string, ...string[]] => ["bash", "-c", script];

t.test("arguments arrive as they are", async (t) => {
  const hard = ["a b", "$HOME", "`id`", "'", '"', "*", "", "ü", "-n", "a\nb", "\\"];
  const { stdout, stderr, code } = await run(["printf", "%s\\0", ...hard]);
  t.strictSame(stdout.split("\0"), [...hard, ""]);
  t.strictSame([stderr, code], ["", 0]);
});

t.test("folder, environment and input are what was given", async (t) => {
  const folder = t.testdir({});
  const env = { PATH: process.env["PATH"], MARK: "here" };
  const { stdout } = await run(shell('pwd; echo "$MARK $HOME"; cat'), {
    cwd: folder,
    env,
    stdin: "input",
  });
  t.strictSame(stdout, `${folder}\nhere \ninput`);
});

t.test("nobody's ~/.bashrc is read", async (t) => {
  const HOME = t.testdir({ ".bashrc": "echo poison; echo poison >&2\n" });
  const env = { PATH: process.env["PATH"], HOME };
  t.match(await run(["cat"], { env, stdin: "input" }), { stdout: "input", stderr: "" });
});

t.test("a program that reads without input sees its end", async (t) => {
  t.match(await run(["cat"], { timeoutSeconds: 10 }), { stdout: "", code: 0 });
  t.match(await run(["cat"], { stdin: "", timeoutSeconds: 10 }), { stdout: "", code: 0 });
});

t.test("a program may end without reading its input", async (t) => {
  const stdin = "x".repeat(1_000_000);
  for (let tries = 0; tries < 5; tries += 1) {
    t.match(await run(shell("exit 7"), { stdin, allowedCodes: [7] }), { code: 7 });
  }
});

t.test("codes that are an answer are returned", async (t) => {
  t.match(await run(shell("echo x; exit 3"), { allowedCodes: [0, 3] }), { stdout: "x\n", code: 3 });
  await t.rejects(run(["true"], { allowedCodes: [3] }), { code: "EXEC_FAILED" });
});

t.test("a failure shows the last lines of stderr", async (t) => {
  const error = {
    code: "EXEC_FAILED",
    message: "bash ended with code 4",
    why: "3\n4\n5\n6\n7",
    exitCode: 4,
  };
  await t.rejects(run(shell("seq 1 7 >&2; exit 4")), error);
  await t.rejects(run(shell("kill -9 $$")), { code: "EXEC_FAILED", message: "bash was killed" });
});

t.test("a program that is not there says how to get it", async (t) => {
  await t.rejects(run(["no-such-program", "status"], { installHint: "apt install x" }), {
    code: "EXEC_MISSING",
    exitCode: 2,
    fix: "apt install x",
  });
  await t.rejects(run(["ls"], { env: { PATH: "/nowhere" } }), { code: "EXEC_MISSING" });
});

t.test("a program that takes too long is stopped with all it started", async (t) => {
  const file = path.join(t.testdir({ pid: "" }), "pid");
  const warnings: string[] = [];
  const onWarning = (warning: Error): unknown => warnings.push(warning.message);
  process.on("warning", onWarning);
  const started = Date.now();
  const script = `echo going >&2; sleep 60 & echo $! > ${file}; wait`;
  await t.rejects(run(shell(script), { timeoutSeconds: 0.5 }), {
    code: "EXEC_TIMEOUT",
    message: /did not end within 0\.5 s/,
    why: "going",
    exitCode: 4,
  });
  t.ok(Date.now() - started < 2000);
  await sleep(50);
  t.notOk(isAlive(Number(readFileSync(file, "utf8"))), "its child is gone");
  process.off("warning", onWarning);
  t.strictSame(warnings, []);
});

t.test("one that does not listen is killed", async (t) => {
  const started = Date.now();
  await t.rejects(run(shell("trap '' TERM; sleep 60 & wait; sleep 60"), { timeoutSeconds: 0.3 }), {
    code: "EXEC_TIMEOUT",
  });
  t.ok(Date.now() - started < 5000);
});

t.test("an aborted signal ends the program and what it started", async (t) => {
  const reason = new Error("enough");
  const early = AbortSignal.abort(reason);
  await t.rejects(run(["sleep", "60"], { signal: early }), reason);
  const controller = new AbortController();
  const running = run(shell("sleep 60 & wait"), { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 200);
  await t.rejects(running, reason);
  const late = new AbortController();
  await run(["true"], { signal: late.signal });
  late.abort(reason);
});

t.test("a secret goes by stdin, never as an argument, and not into an error", async (t) => {
  registerSecret("run-secret-1");
  await t.rejects(run(["echo", "--token=run-secret-1"]), /an argument of echo holds a secret/);
  const failing = run(shell("cat >&2; exit 1"), { stdin: "no run-secret-1 here" });
  await t.rejects(failing, { code: "EXEC_FAILED", why: "no [secret] here" });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // What was killed and waits for its parent to notice is still a process.
  return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}
