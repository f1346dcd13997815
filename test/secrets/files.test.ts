import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { readIfThere, readPrivateFile, replaceFile, writeOnce } from "../../lib/secrets/files.ts";

t.test("a file is written once, for its owner only, in folders that are made for it", async (t) => {
  const folder = t.testdir({});
  const file = path.join(folder, "private/deep/key");
  await writeOnce(file, "hunter22\n", 0o600);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(path.dirname(file)).mode & 0o777, 0o700);
  t.equal(await readPrivateFile(file), "hunter22\n");
  await t.rejects(writeOnce(file, "another", 0o600), { code: "SECRETS_FILE_THERE", exitCode: 4 });
  t.equal(readFileSync(file, "utf8"), "hunter22\n");
  t.strictSame(readdirSync(path.dirname(file)), ["key"], "nothing lies beside it");
});

t.test("what a killed run has left goes away; what another one is writing stays", async (t) => {
  // No process has the first number (proc(5): pid_max), and the second one is always there.
  const folder = t.testdir({ ".key.4194305.new": "half", ".key.1.new": "being written" });
  await writeOnce(path.join(folder, "key"), "whole", 0o600);
  t.strictSame(readdirSync(folder), [".key.1.new", "key"]);
  t.equal(readFileSync(path.join(folder, "key"), "utf8"), "whole");
});

t.test("a file is replaced whole", async (t) => {
  const file = path.join(t.testdir({ rules: "old" }), "rules");
  await replaceFile(file, "new");
  t.strictSame([readFileSync(file, "utf8"), readdirSync(path.dirname(file))], ["new", ["rules"]]);
});

t.test("modes that let others in are refused, and so is nothing at all", async (t) => {
  const folder = t.testdir({});
  for (const mode of [0o644, 0o640, 0o601, 0o700, 0o660]) {
    const file = path.join(folder, mode.toString(8));
    writeFileSync(file, "hunter22", { mode });
    await t.rejects(readPrivateFile(file), { code: "SECRETS_FILE_MODE", fix: `chmod 600 ${file}` });
  }
  for (const mode of [0o600, 0o400]) {
    const file = path.join(folder, mode.toString(8));
    writeFileSync(file, "hunter22", { mode });
    t.equal(await readPrivateFile(file), "hunter22");
  }
  const empty = path.join(folder, "empty");
  writeFileSync(empty, " \n", { mode: 0o600 });
  await t.rejects(readPrivateFile(empty), { code: "SECRETS_FILE_EMPTY" });
  mkdirSync(path.join(folder, "folder"));
  await t.rejects(readIfThere(path.join(folder, "folder")), { code: "SECRETS_FILE_UNREADABLE" });
  t.equal(await readPrivateFile(path.join(folder, "missing")), undefined);
});
