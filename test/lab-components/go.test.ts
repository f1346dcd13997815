import t from "tap";
import { checkToolchain, chooseToolchain, compareVersions } from "../../lab/go.ts";

t.test("versions compare by number", async (t) => {
  t.ok(compareVersions("1.26.8", "1.26.0") > 0);
  t.ok(compareVersions("1.9", "1.26.0") < 0);
  t.equal(compareVersions("1.26", "1.26.0"), 0);
});

t.test("a Go that is too old is refused, a newer or unnumbered one is not", async (t) => {
  const check = (version: string) => () => checkToolchain({ version, cacheFolders: [] }, "1.26.0");
  t.throws(check("go1.25.4"), {
    code: "LAB_GO_TOO_OLD",
    message: "Go 1.25.4 cannot build the lab's components",
    why: "they need Go 1.26.0 or later",
  });
  t.doesNotThrow(check("go1.26"));
  t.doesNotThrow(check("go1.26.8 X:nodwarf5"));
  t.doesNotThrow(check("go1.27rc1"));
  t.doesNotThrow(check("devel +abcdef"));
});

t.test("a group gets the Go that it wants where the installed one is older", async (t) => {
  const local = (version: string) => ({ version, setting: "local" });
  const wanted = { version: "go1.27.3", setting: "go1.27.3" };
  t.strictSame(chooseToolchain("go1.26.8", undefined), local("go1.26.8"));
  t.strictSame(chooseToolchain("go1.26.8", "go1.27.3"), wanted);
  t.strictSame(chooseToolchain("go1.27rc1 X:nodwarf5", "go1.27.3"), wanted);
  for (const version of ["go1.27.3", "go1.28.0", "devel +abcdef"]) {
    t.strictSame(chooseToolchain(version, "go1.27.3"), local(version));
  }
});
