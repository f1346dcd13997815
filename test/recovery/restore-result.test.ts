import t from "tap";
import { checkRestored, findPercent, parsePodResult } from "../../lib/recovery/restore-result.ts";

/** As the restore script writes it with kopia of Velero 1.18.3. */
const message = `{"event":"snapshot","files":4,"directories":4,"symlinks":1,"bytes":81457283,"failed":0,"excludedFiles":2,"excludedDirectories":1,"whole":true}
{"event":"walked","files":4,"directories":4,"symlinks":1,"bytes":81457283}
`;

t.test("a whole restore", async (t) => {
  const result = parsePodResult(message);
  t.match(result.snapshot, { files: 4, bytes: 81457283, failed: 0, excluded: 3 });
  t.strictSame(checkRestored(result, "demo/data"), {
    files: 4,
    directories: 4,
    symlinks: 1,
    bytes: 81457283,
  });
});

t.test("an empty volume is whole too", async (t) => {
  const empty = message.replaceAll('"files":4', '"files":0').replaceAll("81457283", "0");
  t.equal(checkRestored(parsePodResult(empty), "demo/data").files, 0);
});

const unequal: [string, string, RegExp][] = [
  ['"walked","files":4', '"walked","files":3', /^files: 3 restored, 4 in the snapshot$/],
  ['"bytes":81457283,', '"bytes":81457282,', /^bytes: /],
  ['"failed":0', '"failed":1', /^1 files could not be read at the backup$/],
  ['"whole":true', '"whole":false', /^the snapshot was not finished$/],
];
for (const [from, to, why] of unequal) {
  t.test(`not equal: ${to}`, async (t) => {
    const changed = message.replace(from, to);
    t.not(changed, message);
    t.throws(() => checkRestored(parsePodResult(changed), "demo/data"), {
      code: "RESTORE_NOT_EQUAL",
      why,
      exitCode: 3,
    });
  });
}

t.test("a message that was lost proves nothing", async (t) => {
  const [snapshot = ""] = message.split("\n");
  for (const text of ["", "killed", snapshot]) {
    t.throws(() => checkRestored(parsePodResult(text), "demo/data"), { code: "RESTORE_UNPROVEN" });
  }
});

t.test("progress, and none before kopia knows how much there is", async (t) => {
  const log = `Connected to repository.
Processed 1 (0 B) of 8 (81.5 MB).
Processed 3 (10.2 MB) of 8 (81.5 MB) 40.1 MB/s (12.5%) remaining 2s.
`;
  t.equal(findPercent(log), 12.5);
  t.equal(
    findPercent(`${log}Processed 9 (81.5 MB) of 8 (81.5 MB) 92 MB/s (100%) remaining 0s.\n`),
    100,
  );
  t.equal(findPercent(log.slice(0, 60)), undefined);
});
