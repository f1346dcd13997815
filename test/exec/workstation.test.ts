import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { openWorkstation } from "../../lib/exec/workstation.ts";

t.test("programs that run, do not run, and are not there", async (t) => {
  const folder = t.testdir({
    good: "#!/bin/sh\necho version 1.2; echo noise >&2\n",
    "good-on-stderr": "#!/bin/sh\necho OpenSSH_9.2 >&2\n",
    broken: "#!/bin/sh\necho no such version >&2; exit 127\n",
  });
  for (const name of ["good", "good-on-stderr", "broken"]) {
    chmodSync(path.join(folder, name), 0o755);
  }
  const { ask } = openWorkstation({ PATH: `${folder}:${process.env["PATH"]}` });
  t.strictSame(await ask(["good"]), { state: "runs", says: "version 1.2" });
  t.strictSame(await ask(["good-on-stderr", "-V"]), { state: "runs", says: "OpenSSH_9.2" });
  t.match(await ask(["broken"]), { state: "broken", says: /no such version/ });
  t.strictSame(await ask(["not-there"]), { state: "missing" });
});

t.test("files with their mode", async (t) => {
  const folder = t.testdir({});
  const file = path.join(folder, "key");
  writeFileSync(file, "secret");
  chmodSync(file, 0o640);
  mkdirSync(path.join(folder, "sub"), { mode: 0o700 });
  const { findFile } = openWorkstation({});
  t.strictSame(await findFile(file), { mode: 0o640, isFile: true });
  t.match(await findFile(path.join(folder, "sub")), { isFile: false });
  t.equal(await findFile(path.join(folder, "none")), undefined);
  t.equal(await findFile(path.join(file, "below-a-file")), undefined);
});

t.test("variables that are set, and not empty", (t) => {
  const { hasVariable } = openWorkstation({ A: "x", B: "" });
  t.strictSame([hasVariable("A"), hasVariable("B"), hasVariable("C")], [true, false, false]);
  t.end();
});
