import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { listFiles, readSource } from "../../lib/lint/list-files.ts";

t.test("files come in order, without what tools keep for themselves", async (t) => {
  const folder = t.testdir({
    b: { "2.yaml": "", "1.yaml": "" },
    "a.yaml": "",
    ".git": { config: "" },
    node_modules: { "x.yaml": "" },
  });
  t.strictSame(listFiles(folder), { files: ["a.yaml", "b/1.yaml", "b/2.yaml"], findings: [] });
});

t.test("links to files are followed, those to folders are not, and loops are told", async (t) => {
  const folder = t.testdir({ a: { "x.yaml": "kind: X\n" } });
  symlinkSync("a/x.yaml", path.join(folder, "file.yaml"));
  symlinkSync("..", path.join(folder, "a", "up"));
  symlinkSync("loop.yaml", path.join(folder, "loop.yaml"));
  symlinkSync("nowhere", path.join(folder, "dangling.yaml"));
  const { files, findings } = listFiles(folder);
  t.strictSame(files, ["a/x.yaml", "file.yaml"]);
  t.strictSame(
    findings.map(({ code, where, why }) => [code, where.file, why]),
    [
      ["FILE_UNREADABLE", "dangling.yaml", "ENOENT"],
      ["FILE_UNREADABLE", "loop.yaml", "it is a link that leads to itself"],
    ],
  );
  t.strictSame(readSource(folder, "file.yaml"), { file: "file.yaml", text: "kind: X\n" });
});

t.test("a folder is refused where a file was", async (t) => {
  const folder = t.testdir({});
  mkdirSync(path.join(folder, "x.yaml"));
  t.match(readSource(folder, "x.yaml"), { code: "FILE_UNREADABLE", why: "EISDIR" });
  t.match(readSource(folder, "gone.yaml"), { code: "FILE_UNREADABLE", why: "ENOENT" });
});

t.test("what is no text is told with the place where it stops being one", async (t) => {
  const folder = t.testdir({});
  const cases = [
    ["png", Buffer.from([0x89, 0x50, 0x0a, 0x1a, 0x00]), "FILE_BINARY", 2],
    ["utf16", Buffer.from("a: 1\n", "utf16le"), "FILE_BINARY", 1],
    ["latin1", Buffer.from("a: 1\nb: caf\xe9\n", "latin1"), "FILE_ENCODING", 2],
    ["cut", Buffer.from("a: é").subarray(0, 4), "FILE_ENCODING", 1],
  ] as const;
  for (const [name, bytes, code, line] of cases) {
    writeFileSync(path.join(folder, name), bytes);
    t.match(readSource(folder, name), { code, where: { file: name, line } }, name);
  }
  writeFileSync(path.join(folder, "replaced"), "a: \uFFFD\n");
  t.match(readSource(folder, "replaced"), { text: "a: \uFFFD\n" }, "the character itself is one");
});

t.test("a file of 100 MB is not read", async (t) => {
  const folder = t.testdir({ "big.yaml": "a: 1\n" });
  truncateSync(path.join(folder, "big.yaml"), 100 * 1024 * 1024);
  t.match(readSource(folder, "big.yaml"), {
    code: "FILE_TOO_LARGE",
    message: "the file has 100 MiB",
  });
});

t.test("10,000 files are listed and read", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "infra-k3s-files-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(path.join(folder, "many"));
  writeFileSync(path.join(folder, "a.yaml"), "kind: X\n");
  for (let number = 0; number < 10_000; number += 1) {
    symlinkSync("../a.yaml", path.join(folder, `many/${number}.yaml`));
  }
  const { files, findings } = listFiles(folder);
  t.strictSame([files.length, findings], [10_001, []]);
  t.ok(files.every((file) => "text" in readSource(folder, file)));
});
