import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import {
  judgePrivateFile,
  judgeVariables,
  listVariables,
} from "../../lib/bootstrap/workstation-checks.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";

const key = { name: "age key", file: "/home/me/keys.txt", fix: "age-keygen -o /home/me/keys.txt" };
const config = { name: "kubeconfig", file: "/site/kubeconfig", notYet: "the playbook writes it" };

t.test("a file is its owner's alone", (t) => {
  for (const mode of [0o600, 0o400]) {
    t.match(judgePrivateFile(key, { mode, isFile: true }), { state: "ok" }, mode.toString(8));
  }
  for (const mode of [0o644, 0o640, 0o604, 0o620, 0o777, 0o601, 0o700]) {
    const check = judgePrivateFile(key, { mode, isFile: true });
    t.match(check, { state: "finding", code: "FILE_OPEN", fix: "chmod 600 /home/me/keys.txt" });
    t.match(check.says, mode.toString(8));
  }
  t.end();
});

t.test("a file that is missing, or none", (t) => {
  t.match(judgePrivateFile(key, undefined), { code: "FILE_MISSING", fix: key.fix });
  t.match(judgePrivateFile(config, undefined), { state: "note", says: /the playbook writes it$/ });
  t.match(judgePrivateFile(key, { mode: 0o700, isFile: false }), { code: "FILE_UNFIT" });
  t.match(judgePrivateFile(config, { mode: 0o644, isFile: true }), { code: "FILE_OPEN" });
  t.end();
});

t.test("variables by name", (t) => {
  const checks = judgeVariables(
    [
      { name: "SET", why: "a" },
      { name: "UNSET", why: "b" },
    ],
    (name) => name === "SET",
  );
  t.match(checks, [
    { check: "SET", state: "ok" },
    { check: "UNSET", state: "finding", code: "VARIABLE_MISSING", why: "b", fix: /\.envrc/ },
  ]);
  t.end();
});

t.test("each provider wants its own, and .envrc.example knows them all", (t) => {
  const name = (...providers: string[]) =>
    listVariables(new Set(providers)).map((variable) => variable.name);
  t.notMatch(name("manual").join(), /HCLOUD|VULTR|EC2/);
  t.strictSame(name("vultr").slice(-1), ["VULTR_API_KEY"]);
  const all = name("hetzner", "vultr", "aws", "manual");
  t.equal(all.length, 8);
  const example = readFileSync(path.join(repositoryRoot, ".envrc.example"), "utf8");
  for (const one of all) t.match(example, `export ${one}=`);
  t.end();
});
