import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import t from "tap";
import { fillEntry, findCacheFolder, makeKey } from "../../lab/cache.ts";
import { hasCode } from "../../lib/errors.ts";

t.test("the cache lies where XDG says, outside the repository", async (t) => {
  t.equal(findCacheFolder({ XDG_CACHE_HOME: "/big/cache" }), "/big/cache/infra-k3s/lab");
  t.match(findCacheFolder({}), /\/\.cache\/infra-k3s\/lab$/);
  t.match(findCacheFolder({ XDG_CACHE_HOME: "" }), /\/\.cache\/infra-k3s\/lab$/);
  t.match(findCacheFolder({ XDG_CACHE_HOME: "here" }), /\/\.cache\/infra-k3s\/lab$/);
});

t.test("a key follows from names and bytes of all inputs, not from their order", async (t) => {
  const key = makeKey("etcd", { "go.mod": "a", "go.sum": "b" });
  t.match(key, /^etcd-[0-9a-f]{16}$/);
  t.equal(makeKey("etcd", { "go.sum": "b", "go.mod": "a" }), key);
  t.equal(makeKey("etcd", { "go.mod": Buffer.from("a"), "go.sum": "b" }), key);
  t.not(makeKey("etcd", { "go.mod": "b", "go.sum": "a" }), key);
  t.not(makeKey("etcd", { "go.mod": "ab", "go.sum": "" }), key);
  t.not(makeKey("etcd", { "go.mod": "a", "go.sum": "b", "main.go": "" }), key);
});

t.test("an entry appears whole", async (t) => {
  const cache = path.join(t.testdir(), "cache");
  const result = await fillEntry(cache, "etcd-1", async (folder) => {
    await writeFile(path.join(folder, "etcd"), "program");
    t.notOk(existsSync(path.join(cache, "etcd-1")));
    return "filled";
  });
  t.equal(result, "filled");
  t.strictSame(await readdir(cache), ["etcd-1"]);
  t.equal(await readFile(path.join(cache, "etcd-1/etcd"), "utf8"), "program");
});

t.test("an entry that fails leaves nothing, and the one before it stays", async (t) => {
  const cache = t.testdir({ "etcd-1": { etcd: "old" } });
  const filling = fillEntry(cache, "etcd-1", async (folder) => {
    await writeFile(path.join(folder, "etcd"), "half");
    throw new Error("no room");
  });
  await t.rejects(filling, { message: "no room" });
  t.strictSame(await readdir(cache), ["etcd-1"]);
  t.equal(await readFile(path.join(cache, "etcd-1/etcd"), "utf8"), "old");
});

t.test("an entry takes the place of a damaged one", async (t) => {
  const cache = t.testdir({ "etcd-1": { etcd: "", extra: "" } });
  await fillEntry(cache, "etcd-1", (folder) => writeFile(path.join(folder, "etcd"), "new"));
  t.strictSame(await readdir(path.join(cache, "etcd-1")), ["etcd"]);
});

t.test("what a killed run left is removed, other folders are not", async (t) => {
  // Its number is ours, its start time is not: a process before us had the number.
  const leftover = `.velero-1.${process.pid}.1`;
  const cache = t.testdir({ [leftover]: { velero: "half" }, ".keep": "", "host-tree": {} });
  await fillEntry(cache, "etcd-1", async () => undefined);
  t.strictSame((await readdir(cache)).toSorted(), [".keep", "etcd-1", "host-tree"]);
});

t.test("two runs do not make the same entry at a time", async (t) => {
  const cache = t.testdir();
  await fillEntry(cache, "etcd-1", async () => {
    const second = fillEntry(cache, "etcd-1", async () => undefined);
    const error = await second.then(
      () => undefined,
      (cause: unknown) => cause,
    );
    t.ok(hasCode(error, "LAB_CACHE_BUSY"));
    t.match(error, { why: new RegExp(`process ${process.pid} `) });
    await fillEntry(cache, "velero-1", (folder) => mkdir(path.join(folder, "bin")));
  });
  t.strictSame((await readdir(cache)).toSorted(), ["etcd-1", "velero-1"]);
});
