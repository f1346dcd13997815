import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { findPaths } from "../../lab/paths.ts";
import { ensureRecord, isOfThisBoot, readRecord, removeRecord } from "../../lab/record.ts";

t.test(
  "the record is made once for each boot, and goes with the folders it has made",
  async (t) => {
    const base = path.join(t.testdir({}), "made/state");
    const paths = findPaths({ XDG_STATE_HOME: base });
    t.equal(await readRecord(paths), undefined);
    const record = await ensureRecord(paths, ["loop"]);
    t.strictSame(record.madeFolders, [path.dirname(base), base, path.join(base, "infra-k3s")]);
    t.match(record.settings["vm/overcommit_memory"], /^\d$/);
    t.ok(await isOfThisBoot(record));
    t.strictSame(
      await ensureRecord(paths, ["loop"]),
      record,
      "what changed since is not taken for the original",
    );
    mkdirSync(path.join(paths.state, "hosts/a/upper"), { recursive: true });
    await removeRecord(paths, record);
    t.notOk(existsSync(path.dirname(base)));
  },
);

t.test(
  "after a reboot the kernel's settings are read again, the folders are remembered",
  async (t) => {
    const paths = findPaths({ XDG_STATE_HOME: path.join(t.testdir({}), "made") });
    const record = await ensureRecord(paths, ["loop"]);
    const earlier = { ...record, bootId: "earlier", settings: { "vm/swappiness": "1234" } };
    writeFileSync(paths.record, JSON.stringify(earlier));
    t.notOk(await isOfThisBoot(earlier));
    const now = await ensureRecord(paths, ["loop"]);
    t.not(now.settings["vm/swappiness"], "1234");
    t.strictSame(now.madeFolders, record.madeFolders);
  },
);

t.test("folders that were there, or are used by others, stay", async (t) => {
  const base = t.testdir({ state: {} });
  const paths = findPaths({ XDG_STATE_HOME: path.join(base, "state") });
  await removeRecord(paths, await ensureRecord(paths, ["loop"]));
  t.ok(existsSync(path.join(base, "state")));
  t.notOk(existsSync(path.join(base, "state/infra-k3s")));
  const record = await ensureRecord(paths, ["loop"]);
  const other = path.join(base, "state/infra-k3s/other");
  writeFileSync(other, "x");
  await removeRecord(paths, record);
  t.equal(readFileSync(other, "utf8"), "x");
});

t.test("a record that cannot be read is not taken for none", async (t) => {
  const paths = findPaths({ XDG_STATE_HOME: t.testdir({}) });
  mkdirSync(paths.state, { recursive: true });
  writeFileSync(paths.record, '{"bootId":');
  await t.rejects(readRecord(paths), { code: "LAB_RECORD_UNREADABLE", exitCode: 4 });
});
