import path from "node:path";
import t from "tap";
import { createFileTree, diskFiles } from "../../lib/config/file-tree.ts";

t.test("texts are read as the same files on the disk", async (t) => {
  const folder = t.testdir({ "a.yml": "a\n", b: { "c.yml": "c\n", "d.yml": "d\n" } });
  const texts = new Map(
    Object.entries({ "a.yml": "a\n", "b/c.yml": "c\n", "b/d.yml": "d\n" }).map(([file, text]) => [
      path.join(folder, file),
      text,
    ]),
  );
  for (const files of [diskFiles, createFileTree(texts)]) {
    const at = (name: string) => path.join(folder, name);
    t.equal(await files.readText(at("b/c.yml")), "c\n");
    t.strictSame(await files.readFolder(at("b")), ["c.yml", "d.yml"]);
    t.equal(await files.findKind(at("a.yml")), "file");
    t.equal(await files.findKind(at("b")), "folder");
    t.equal(await files.findKind(at("x")), undefined);
    await t.rejects(files.readText(at("x")), { code: "ENOENT" });
    await t.rejects(files.readFolder(at("x")), { code: "ENOENT" });
  }
});
