import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import t from "tap";
import { checkRestored, findPercent, parsePodResult } from "../../lib/recovery/restore-result.ts";
import {
  prepareScript,
  removeScript,
  restoreExits,
  restoreScript,
  walkScript,
} from "../../lib/recovery/restore-script.ts";

/** Says what it was asked, and restores four entries; how it fails is told by FAIL. */
const fakeKopia = `#!/bin/bash
echo "$*" >> "$LOG"
case "$*" in
  *"repository connect"*)
    echo "keys $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY \${AWS_SESSION_TOKEN:-none}" >> "$LOG"
    if [ "$FAIL" = connect ]; then echo "repository not initialized"; exit 1; fi ;;
  *"manifest show"*)
    if [ "$FAIL" = manifest ]; then echo "manifest x: not found" >&2; exit 1; fi
    if [ "$FAIL" = network ]; then echo "connection reset by peer" >&2; exit 1; fi
    printf '// id: x\\n// label type:snapshot\\n{\\n  "rootEntry": {"summ": {"size": 7, "files": 3, "symlinks": 1, "dirs": 2, "numFailed": 0}}\\n}\\n' ;;
  *" restore "*)
    printf 'Processed 1 (0 B) of 3 (7 B).\\rProcessed 2 (3 B) of 3 (7 B) 1 B/s (42.8%%) remaining 1s.\\r\\n' >&2
    target="\${@: -1}"
    mkdir "$target/sub"; printf abc > "$target/one"; printf abcd > "$target/sub/with
newline"; : > "$target/-rf"; ln -s one "$target/link"
    if [ "$FAIL" = restore ]; then echo "no space left on device" >&2; exit 1; fi ;;
esac
`;

const credentials = `# written by hand
[other]
aws_access_key_id = wrong
[ profile r2 ]
aws_access_key_id = key-id
aws_secret_access_key=se=cret+/
`;

function openCase(): { folder: string; storage: string; log: string } {
  const folder = t.testdir({ bin: {}, storage: {}, credentials, log: "", result: "" });
  const program = path.join(folder, "bin/kopia");
  writeFileSync(program, fakeKopia);
  chmodSync(program, 0o755);
  return { folder, storage: path.join(folder, "storage"), log: path.join(folder, "log") };
}

function run(script: string, folder: string, args: string[], change: Record<string, string> = {}) {
  // The image has busybox, whose sh knows pipefail as bash does.
  const ran = spawnSync("bash", ["-c", script, "infra-k3s", ...args], {
    encoding: "utf8",
    env: {
      PATH: `${folder}/bin:${process.env["PATH"]}`,
      STORAGE: `${folder}/storage`,
      FOLDER: "dr-run1.demo.data",
      SNAPSHOT: "snapshot-1",
      NEED_BYTES: "10",
      CREDENTIALS: `${folder}/credentials`,
      PROFILE: "r2",
      LOG: `${folder}/log`,
      FAIL: "",
      RETRY_SECONDS: "0",
      RESULT: `${folder}/result`,
      HOME: folder,
      ...change,
    },
  });
  return { ...ran, result: readFileSync(path.join(folder, "result"), "utf8") };
}

const isLinux = process.platform === "linux" ? false : "the scripts are for Linux";

t.test("a restore tells what the snapshot holds and what it made", { skip: isLinux }, async (t) => {
  const { folder, storage, log } = openCase();
  mkdirSync(path.join(storage, "dr-run1.demo.data"));
  writeFileSync(path.join(storage, "dr-run1.demo.data/left-over"), "of a try that was killed");
  const { status, stdout, stderr, result } = run(restoreScript, folder, [
    "--bucket=b",
    "--prefix=kopia/demo/",
  ]);
  t.equal(status, 0, stderr);
  const parsed = parsePodResult(result);
  t.strictSame(checkRestored(parsed, "demo/data"), {
    files: 3,
    directories: 2,
    symlinks: 1,
    bytes: 7,
  });
  t.equal(findPercent(stdout), 42.8);
  t.notOk(existsSync(path.join(storage, "dr-run1.demo.data/left-over")));
  const calls = readFileSync(log, "utf8");
  t.match(calls, /connect s3 --readonly --bucket=b --prefix=kopia\/demo\//);
  t.match(calls, "keys key-id se=cret+/ none", "the keys of the profile, by the environment");
  t.match(calls, /restore --mode=local .*--no-ignore-permission-errors.* snapshot-1 /);
  t.notMatch(calls.replaceAll(/^keys.*$/gm, ""), "se=cret", "no secret in an argument");
});

t.test("how it fails is in its exit code", { skip: isLinux }, async (t) => {
  const noSpace = openCase();
  const full = run(restoreScript, noSpace.folder, [], { NEED_BYTES: String(2 ** 62) });
  t.equal(full.status, restoreExits.noSpace);
  t.match(parsePodResult(full.result).space, { needBytes: 2 ** 62 });
  t.strictSame(readdirSync(noSpace.storage), [], "it wrote nothing");

  const gone = openCase();
  t.equal(
    run(restoreScript, gone.folder, [], { FAIL: "manifest" }).status,
    restoreExits.noSnapshot,
  );
  t.strictSame(readdirSync(gone.storage), []);

  const cut = openCase();
  const away = run(restoreScript, cut.folder, [], { FAIL: "network" });
  t.equal(
    away.status,
    restoreExits.noRepository,
    "a bucket that is away is not a snapshot that is gone",
  );
  t.equal(readFileSync(cut.log, "utf8").match(/manifest show/g)?.length, 4);

  const broken = run(restoreScript, openCase().folder, [], { FAIL: "restore" });
  t.equal(broken.status, 1, "kopia's own failure is not hidden by the pipe behind it");
  t.match(broken.stdout, /no space left on device\s*$/);
  t.equal(broken.result, "", "so that the kubelet takes the end of the log instead");
});

t.test(
  "a repository that does not open is tried again, then given up",
  { skip: isLinux },
  async (t) => {
    const { folder, log } = openCase();
    const { status } = run(restoreScript, folder, [], { FAIL: "connect" });
    t.equal(status, restoreExits.noRepository);
    t.equal(readFileSync(log, "utf8").match(/repository connect/g)?.length, 4);
  },
);

t.test("a rebuild gets an empty folder that everybody may write", { skip: isLinux }, async (t) => {
  const { folder, storage } = openCase();
  const target = path.join(storage, "dr-run1.demo.data");
  mkdirSync(target);
  writeFileSync(path.join(target, "half"), "filled");
  t.equal(run(prepareScript, folder, []).status, 0);
  t.strictSame(readdirSync(target), []);
  writeFileSync(path.join(target, "new"), "12345");
  const { result } = run(walkScript, folder, []);
  t.match(parsePodResult(result).walked, { files: 1, directories: 1, symlinks: 0, bytes: 5 });
});

t.test("only folders of a run are removed", { skip: isLinux }, async (t) => {
  const { folder, storage } = openCase();
  for (const name of ["dr-run1.demo.data", "dr-run2.demo.data", "pvc-1"])
    mkdirSync(path.join(storage, name));
  const { status, result } = run(removeScript, folder, ["dr-run1.demo.data", "dr-run1.demo.gone"]);
  t.equal(status, 0);
  t.match(result, /"removed"/);
  t.strictSame(readdirSync(storage), ["dr-run2.demo.data", "pvc-1"]);
  for (const name of ["pvc-1", "dr-../pvc-1", "dr-run2/../pvc-1", "", "/"]) {
    t.not(run(removeScript, folder, [name]).status, 0, `"${name}" is refused`);
  }
  t.strictSame(readdirSync(storage), ["dr-run2.demo.data", "pvc-1"]);
});
