import { chmod, lutimes, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import t from "tap";
import { compareTrees, readTree } from "../../lab/drill/tree.ts";

t.test("a tree that was not touched is equal, whatever its times are", async (t) => {
  const folder = t.testdir({ a: { b: "text", empty: {} } });
  await symlink("nowhere", path.join(folder, "link"));
  const before = await readTree(folder);
  await lutimes(path.join(folder, "a/b"), 1, 1);
  t.strictSame(compareTrees(before, await readTree(folder)), []);
  t.strictSame(Object.keys(before).toSorted(), [".", "a", "a/b", "a/empty", "link"]);
});

t.test("each difference is told", async (t) => {
  const folder = t.testdir({ a: "text", b: "text", c: "text", d: "text" });
  const at = (name: string) => path.join(folder, name);
  await symlink("a", at("link"));
  await chmod(at("c"), 0o644);
  const before = await readTree(folder);
  await writeFile(at("a"), "tex.");
  await rm(at("b"));
  await chmod(at("c"), 0o4755);
  await rm(at("d"));
  await symlink("a", at("d"));
  await rm(at("link"));
  await symlink("b", at("link"));
  await writeFile(at("new"), "");
  const faults = compareTrees(before, await readTree(folder));
  t.match(faults, [
    /^a: its content is /,
    "b is gone",
    "c: its mode is 4755, was 0644",
    "d: its type is link, was file",
    "d: its mode is -, was ",
    /^d: its content is a, was /,
    "link: its content is b, was a",
    "new is new",
  ]);
  t.equal(faults.length, 8);
});
