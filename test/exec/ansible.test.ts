import { chmodSync, mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { registerSecret } from "../../lib/cli/redact.ts";
import { connectPlaybooks } from "../../lib/exec/ansible.ts";
import type { Playbooks } from "../../lib/world.ts";

/** A stand-in for ansible-playbook: `script` of sh gets its arguments and its environment. */
function connect(
  t: Test,
  script: string,
  vaultPasswordFile?: string,
): { playbooks: Playbooks; folder: string } {
  const folder = t.testdir({ bin: { "ansible-playbook": `#!/bin/sh\n${script}\n` } });
  chmodSync(path.join(folder, "bin/ansible-playbook"), 0o755);
  const playbooks = connectPlaybooks({
    inventoryFolder: path.join(folder, "inventory"),
    logFolder: path.join(folder, "runs"),
    env: { PATH: `${path.join(folder, "bin")}:${process.env["PATH"]}`, MARK: "kept" },
    vaultPasswordFile,
  });
  return { playbooks, folder };
}

const recap = (host: string, changed: number, failed: number): string =>
  `${host} : ok=3 changed=${changed} unreachable=0 failed=${failed} skipped=0 rescued=0 ignored=0`;

t.test("plays are told as they begin, and changes are counted at the end", async (t) => {
  const { playbooks, folder } = connect(
    t,
    `printf '%s\\n' "$@" >"$0.args"; env >"$0.env"; pwd >"$0.cwd"
echo 'PLAY [Start the server] ****'; echo 'TASK [a] ***'
echo '${recap("a-1", 2, 0)}'; echo '${recap("b-1", 0, 0)}'`,
    "/nowhere/password",
  );
  const notes: string[] = [];
  const { changed } = await playbooks.run("k3s-cluster", {
    onProgress: (note) => notes.push(note),
    limit: ["a-1", "b-1"],
    variables: { via: "public" },
  });
  t.strictSame(changed, { "a-1": 2, "b-1": 0 });
  t.strictSame(notes, ["Start the server"]);
  const at = (kind: string) =>
    readFileSync(path.join(folder, `bin/ansible-playbook.${kind}`), "utf8");
  t.strictSame(at("args").trimEnd().split("\n"), [
    `--inventory=${path.join(folder, "inventory")}`,
    "--limit=a-1,b-1",
    "--extra-vars",
    '{"via":"public"}',
    "playbooks/k3s-cluster.yml",
  ]);
  t.match(at("env"), /^MARK=kept$/m);
  t.match(at("env"), /^ANSIBLE_VAULT_PASSWORD_FILE=\/nowhere\/password$/m);
  t.match(at("env"), /^ANSIBLE_CONFIG=.*\/ansible\/ansible\.cfg$/m);
  t.match(at("cwd"), /\/ansible\n$/);
});

t.test("a failure says what each host says, and keeps the output without secrets", async (t) => {
  registerSecret("hunter2-hunter2");
  const { playbooks, folder } = connect(
    t,
    `echo 'PLAY [P] ****'; echo 'TASK [Install k3s] ****'
echo 'fatal: [a-1]: FAILED! => {"msg":"no room, hunter2-hunter2"}'
echo 'fatal: [b-1]: UNREACHABLE! => {"msg":"no route"}'
echo '${recap("a-1", 0, 1)}'; echo '${recap("b-1", 0, 1)}'; exit 2`,
  );
  const log = path.join(folder, "runs/k3s-cluster.log");
  await t.rejects(playbooks.run("k3s-cluster"), {
    code: "PLAYBOOK_FAILED",
    why: "a-1: Install k3s: no room, [secret]\nb-1: Install k3s: no route",
    exitCode: 4,
  });
  t.equal(statSync(log).mode & 0o777, 0o600);
  t.match(readFileSync(log, "utf8"), /TASK \[Install k3s\]/);
  t.notMatch(readFileSync(log, "utf8"), /hunter2/);
});

t.test("what no host said is what ansible-playbook itself said", async (t) => {
  const { playbooks } = connect(t, "echo 'ERROR! no such playbook' >&2; exit 4");
  await t.rejects(playbooks.run("none"), {
    code: "PLAYBOOK_FAILED",
    why: "ERROR! no such playbook",
  });
});

t.test("without Ansible the error says how to get it", async (t) => {
  const playbooks = connectPlaybooks({
    inventoryFolder: "/nowhere",
    logFolder: t.testdir({}),
    vaultPasswordFile: undefined,
    env: { PATH: "/nowhere" },
  });
  await t.rejects(playbooks.run("k3s-cluster"), { code: "EXEC_MISSING", fix: /ansible/ });
});

t.test("an interruption ends it", async (t) => {
  const { playbooks } = connect(t, "echo 'PLAY [P] ****'; sleep 60");
  const keyboard = new AbortController();
  const run = playbooks.run("k3s-cluster", {
    onProgress: () => keyboard.abort(new Error("Ctrl-C")),
    signal: keyboard.signal,
  });
  await t.rejects(run, { message: "Ctrl-C" });
});

t.test("a log that cannot be written is told once the hosts are done", async (t) => {
  const { playbooks, folder } = connect(t, "echo 'PLAY [P] ****'; sleep 0.2; : >\"$0.ended\"");
  mkdirSync(path.join(folder, "runs/k3s-cluster.log"), { recursive: true });
  await t.rejects(playbooks.run("k3s-cluster"), {
    code: "PLAYBOOK_LOG_UNWRITABLE",
    why: /EISDIR/,
    exitCode: 4,
  });
  t.ok(statSync(path.join(folder, "bin/ansible-playbook.ended")).isFile());
});
