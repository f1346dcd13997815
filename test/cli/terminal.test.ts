import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { type Host, openTerminal } from "../../lib/cli/terminal.ts";

interface Settings {
  stdin?: boolean;
  stderr?: boolean;
  columns?: number;
  env?: Record<string, string>;
}

/** As much of a process as a terminal uses; it counts its exits instead of ending. */
function createHost({ stdin, stderr, columns, env = {} }: Settings = {}) {
  const exits: unknown[] = [];
  const streams = {
    stdin: Object.assign(new PassThrough(), { isTTY: stdin }),
    stdout: new PassThrough(),
    stderr: Object.assign(new PassThrough(), { isTTY: stderr, columns }),
  };
  const exit = (code: unknown): void => void exits.push(code);
  const host = Object.assign(new EventEmitter(), streams, { env, exit });
  return { ...streams, exits, host, terminal: openTerminal(host as unknown as Host) };
}

function readAll(stream: PassThrough): string {
  return String(stream.read() ?? "");
}

t.test("out goes to stdout and err to stderr, unchanged", async (t) => {
  const { terminal, stdout, stderr } = createHost();
  terminal.out("a");
  terminal.err("b");
  t.same([readAll(stdout), readAll(stderr)], ["a", "b"]);
});

t.test("interactive is a stderr that can be redrawn", async (t) => {
  const isInteractive = (settings: Settings) => createHost(settings).terminal.isInteractive;
  t.equal(isInteractive({ stderr: true }), true);
  t.equal(isInteractive({}), false);
  t.equal(isInteractive({ stderr: true, env: { CI: "true" } }), false);
  t.equal(isInteractive({ stderr: true, env: { CI: "false" } }), true);
  t.equal(isInteractive({ stderr: true, env: { TERM: "dumb" } }), false);
});

t.test("columns are 80 where they are not known", async (t) => {
  t.equal(createHost({ columns: 120 }).terminal.columns, 120);
  t.equal(createHost({ columns: 0 }).terminal.columns, 80);
  t.equal(createHost().terminal.columns, 80);
});

t.test("asks on stderr and reads a line", async (t) => {
  const { terminal, stdin, stdout, stderr } = createHost({ stdin: true, stderr: true });
  const answer = terminal.ask("name? ");
  stdin.write("vps-a\n");
  t.equal(await answer, "vps-a");
  t.same([readAll(stdout), readAll(stderr)], ["", "name? "]);
});

t.test("a hidden answer is read and shown nowhere", async (t) => {
  const { terminal, stdin, stdout, stderr } = createHost({ stdin: true, stderr: true });
  const answer = terminal.askHidden("key? ");
  await sleep(20);
  stdin.write("hunter2");
  stdin.write("\u007F22\r");
  t.equal(await answer, "hunter22", "Backspace takes a sign away");
  t.same([readAll(stdout), readAll(stderr)], ["", "key? \n"]);
  t.equal(await createHost({ stdin: true }).terminal.askHidden("key? "), undefined);
});

t.test("Ctrl-C, a key while an answer is hidden, interrupts", async (t) => {
  const { terminal, stdin } = createHost({ stdin: true, stderr: true });
  const answer = terminal.askHidden("key? ");
  await sleep(20);
  stdin.write("half\u0003");
  await t.rejects(answer, { code: "RUN_INTERRUPTED" });
  t.match(terminal.interrupted.reason, { code: "RUN_INTERRUPTED" });
});

t.test("end of input is an empty answer", async (t) => {
  const { terminal, stdin } = createHost({ stdin: true, stderr: true });
  const answer = terminal.ask("name? ");
  stdin.end();
  t.equal(await answer, "");
});

t.test("asks nothing unless both stdin and stderr are terminals", async (t) => {
  for (const settings of [{}, { stdin: true }, { stderr: true }]) {
    const { terminal, stderr } = createHost(settings);
    t.equal(await terminal.ask("name? "), undefined);
    t.equal(readAll(stderr), "");
  }
});

t.test("an interruption ends a question, and forbids another one", async (t) => {
  const { terminal, host } = createHost({ stdin: true, stderr: true });
  const answer = terminal.ask("name? ");
  await sleep(20);
  host.emit("SIGINT");
  await t.rejects(answer, { code: "RUN_INTERRUPTED" });
  await t.rejects(terminal.ask("name? "), { code: "RUN_INTERRUPTED" });
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  t.test(`the first ${signal} interrupts, the second one exits`, async (t) => {
    const { terminal, host, exits } = createHost();
    t.equal(terminal.interrupted.aborted, false);
    host.emit(signal);
    t.match(terminal.interrupted.reason, { code: "RUN_INTERRUPTED", exitCode: 130, fix: /again/ });
    host.emit(signal);
    t.same(exits, [], "two at once are one key press, which npx has handed on");
    await sleep(600);
    host.emit(signal);
    t.same(exits, [130]);
  });
}

t.test("close gives the signals back", async (t) => {
  const { terminal, host } = createHost();
  terminal.close();
  t.same([host.listenerCount("SIGINT"), host.listenerCount("SIGTERM")], [0, 0]);
});

t.test("a reader that has gone is no failure, a full disk is one", async (t) => {
  const { stdout, stderr } = createHost();
  stdout.emit("error", Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
  stderr.emit("error", Object.assign(new Error("no terminal any more"), { code: "EIO" }));
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  t.throws(() => stdout.emit("error", full), { code: "CLI_OUTPUT_UNWRITABLE", exitCode: 4 });
});
