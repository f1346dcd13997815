import t from "tap";
import { checkRestored, parsePodLog } from "../../lib/recovery/restore-log.ts";

/** As kopia of Velero 1.18.3 and the restore script print it. */
const log = `Connected to repository.
infra-k3s: {"event":"manifest","manifest":{"stats":{"excludedFileCount":2,"excludedDirCount":1},"rootEntry":{"summ":{"size":81457283,"files":4,"symlinks":1,"dirs":4,"numFailed":0}}}}
Processed 1 (0 B) of 8 (81.5 MB).
Processed 3 (10.2 MB) of 8 (81.5 MB) 40.1 MB/s (12.5%) remaining 2s.
Processed 9 (81.5 MB) of 8 (81.5 MB) 92 MB/s (100.0%) remaining 0s.
Restored 4 files, 4 directories and 1 symbolic links (81.5 MB).
infra-k3s: {"event":"walked","files":4,"directories":4,"symlinks":1,"bytes":81457283}
`;

t.test("a whole restore", async (t) => {
  const parsed = parsePodLog(log);
  t.equal(parsed.percent, 100);
  t.match(parsed.snapshot, { files: 4, bytes: 81457283, failed: 0, excluded: 3 });
  t.strictSame(checkRestored(parsed, "demo/data"), {
    files: 4,
    directories: 4,
    symlinks: 1,
    bytes: 81457283,
  });
});

t.test("progress in the middle, and before kopia knows how much there is", async (t) => {
  const lines = log.split("\n");
  t.equal(parsePodLog(lines.slice(0, 4).join("\n")).percent, 12.5);
  t.equal(parsePodLog(lines.slice(0, 3).join("\n")).percent, undefined);
});

t.test("one file less is not equal", async (t) => {
  const short = log.replace('"walked","files":4', '"walked","files":3');
  t.throws(() => checkRestored(parsePodLog(short), "demo/data"), {
    code: "RESTORE_NOT_EQUAL",
    why: "files: 3 restored, 4 in the snapshot",
    exitCode: 3,
  });
});

t.test("a file that could not be read at the backup is a fault of the snapshot", async (t) => {
  const failed = log.replace('"numFailed":0', '"numFailed":1');
  t.throws(() => checkRestored(parsePodLog(failed), "demo/data"), { code: "RESTORE_NOT_EQUAL" });
});

t.test("a log that is cut off proves nothing", async (t) => {
  const cut = log.slice(0, log.indexOf("Restored"));
  t.throws(() => checkRestored(parsePodLog(cut), "demo/data"), { code: "RESTORE_UNPROVEN" });
  t.throws(() => checkRestored(parsePodLog(""), "demo/data"), { code: "RESTORE_UNPROVEN" });
});

t.test("the reason of a failure is in the last lines", async (t) => {
  const { tail, space } = parsePodLog(
    `noise\nProcessed 1 (0 B) of 8 (81.5 MB).\nfailed to open repository: invalid repository password\ninfra-k3s: {"event":"space","freeBytes":1,"needBytes":2}\n`,
  );
  t.strictSame(tail, ["noise", "failed to open repository: invalid repository password"]);
  t.strictSame(space, { freeBytes: 1, needBytes: 2 });
});
