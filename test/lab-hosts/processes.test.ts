import { spawn } from "node:child_process";
import t from "tap";
import {
  findInit,
  findProcesses,
  killAll,
  readCommandLine,
  readNamespace,
} from "../../lab/processes.ts";
import { runWatched } from "../../lab/watched-program.ts";

t.test("processes are found by what they are, and killed until none is left", async (t) => {
  const mark = `0.0${process.pid}`;
  const children = [1, 2].map(() => spawn("sleep", ["60", mark], { stdio: "ignore" }));
  const list = async () =>
    await findProcesses(async (pid) => (await readCommandLine(pid)).includes(mark));
  t.strictSame((await list()).length, 2);
  const ended = children.map((child) => new Promise((resolve) => child.once("exit", resolve)));
  t.equal(await killAll(list), 2);
  await Promise.all(ended);
  t.equal(await killAll(list), 0);
});

t.test("a process that has ended is nobody", async (t) => {
  t.strictSame(await readCommandLine(2 ** 22 + 1), []);
  t.equal(await findInit([process.pid, 2 ** 22 + 1]), undefined);
  t.match(await readNamespace("self", "net"), /^net:\[\d+\]$/);
});

t.test("a watched program hands on its lines, and its failure", { skip: notRoot() }, async (t) => {
  const lines: string[] = [];
  await runWatched(["sh", "-c", "echo out; echo err >&2"], (line) => lines.push(line));
  t.strictSame(
    lines.toSorted((a, b) => (a < b ? -1 : 1)),
    ["err", "out"],
  );
  const fails = runWatched(["sh", "-c", "echo why >&2; exit 3"], () => undefined);
  await t.rejects(fails, { code: "EXEC_FAILED", message: "sh ended with code 3", why: "why" });
  const abort = AbortSignal.timeout(300);
  await t.rejects(
    runWatched(["sleep", "60"], () => undefined, { signal: abort }),
    { name: "TimeoutError" },
  );
});

function notRoot(): string | false {
  return process.getuid?.() === 0 ? false : "only root may make a pid namespace";
}
