import { readFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { hasCode } from "../../lib/errors.ts";
import { downloadModule } from "../../lib/exec/go-module.ts";
import { readZip } from "../../lib/exec/unzip.ts";
import { installProgram } from "../support/install-program.ts";

/** A Go that gives `answer` and `code`; returns the folder that it has to be called in. */
function installGo(t: Test, answer: object, code: number): string {
  const script = `echo "$PWD $GOTOOLCHAIN $*" >asked; echo '${JSON.stringify(answer)}'; exit ${code}`;
  installProgram(t, "go", script);
  return t.testdir({});
}

t.test("a module that wants a newer Go is downloaded all the same", async (t) => {
  const answer = { Zip: "/cache/m.zip", Sum: "h1:x", Error: "m requires go >= 1.99" };
  const folder = installGo(t, answer, 1);
  t.strictSame(await downloadModule("m", "v1.0.0", folder), { zip: "/cache/m.zip", sum: "h1:x" });
  t.equal(
    readFileSync(path.join(folder, "asked"), "utf8"),
    `${folder} local mod download -json m@v1.0.0\n`,
  );
});

t.test("a module that is not there is told with Go's reason", async (t) => {
  const folder = installGo(t, { Error: "m@v9: not found" }, 1);
  await t.rejects(downloadModule("m", "v9.0.0", folder), {
    code: "GO_MODULE_MISSING",
    why: "m@v9: not found",
  });
});

t.test("files of an archive come in the order of their names", async (t) => {
  // What it was called with is the last of the files that it unpacks.
  const script = `
    arguments=$*
    while [ "$1" != -d ]; do shift; done
    mkdir -p "$2/m/b"
    printf two >"$2/m/b/2.yaml"
    printf one >"$2/m/a.yaml"
    echo "$arguments" >"$2/m/z"`;
  installProgram(t, "unzip", script);
  const [one, two, last] = await readZip("x.zip", ["m/*.yaml", "m/[a].yml"], t.testdir({}));
  t.strictSame([one, two], ["one", "two"]);
  t.match(last, /^-q x.zip m\/\*.yaml m\/\[a\].yml -d /);
});

t.test("an archive without a matching file is an error", async (t) => {
  installProgram(t, "unzip", "echo nothing matched >&2; exit 11");
  const error = await readZip("x.zip", ["m/*"], t.testdir({})).catch((thrown: unknown) => thrown);
  t.ok(hasCode(error, "EXEC_FAILED"));
});
