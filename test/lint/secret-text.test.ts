import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { secretText } from "../../lib/lint/rules/secret-text.ts";
import { loadVersions } from "../../lib/config/versions.ts";
import { buildSettings } from "../../lib/lint/settings.ts";
import { listInvalid } from "../support/fixtures.ts";

const settings = buildSettings(await loadVersions());

t.test("no tracked file has a secret in it", async (t) => {
  const argv = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", argv, { cwd: repositoryRoot, encoding: "utf8" });
  const files = listed.split("\0").filter((file) => existsSync(path.join(repositoryRoot, file)));
  t.ok(files.length > 500, `${files.length} files`);
  const found = files.filter((file) => {
    if (file === "") return false;
    const text = readFileSync(path.join(repositoryRoot, file), "utf8");
    return secretText.find(text, file, settings).length > 0;
  });
  t.strictSame(found, []);
});

t.test("a finding shows nothing of the secret", async (t) => {
  for (const { name, text } of listInvalid("secret-text")) {
    const [, file = "kubernetes/apps/shop/app.yaml"] = /^# file: (\S+)$/m.exec(text) ?? [];
    const [fault] = secretText.find(text, file, settings);
    const told = `${fault?.message} ${fault?.why} ${fault?.fix}`;
    const [secret = ""] = /^[^"]{0,40}/.exec(text.slice(fault?.offset)) ?? [];
    const parts = Array.from({ length: secret.length - 6 }, (_, at) => secret.slice(at, at + 6));
    t.strictSame(
      parts.filter((part) => told.includes(part)),
      [],
      name,
    );
  }
});

t.test("a text full of what almost is a secret takes no longer than another", async (t) => {
  const size = 1_000_000;
  const almost = [
    "eyJ",
    "tskey-",
    "://a:",
    "token ",
    'token="',
    "secret:\n",
    "-----BEGIN ",
    "A: b ",
    "token,\n\n",
    "name: token\n",
    "value: abcdefgh\n  name: db-\n",
    "value: abcdefgh, name: token\n",
  ];
  for (const part of [...almost, `-----BEGIN PRIVATE KEY-----\n${"A: ".repeat(50)}\n`]) {
    const text = part.repeat(size / part.length);
    const start = performance.now();
    secretText.find(text, "kubernetes/app.yaml", settings);
    t.ok(performance.now() - start < 1000, JSON.stringify(part));
  }
});
