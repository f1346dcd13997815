import { spawnSync } from "node:child_process";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";

/** Needs Go, and builds kopia the first time: not a part of `npm test`. */
const timeout = 1_800_000;

function build(output: string): { status: number | null; stdout: string; stderr: string } {
  const script = path.join(repositoryRoot, "scripts/dev/build-restore-image.ts");
  const argv = [script, "--json", "--output", output];
  return spawnSync(process.execPath, argv, { encoding: "utf8" });
}

t.test("the image of the restore pod is the same every time", { timeout }, async (t) => {
  const folder = t.testdir();
  const results = ["a.tar", "b.tar"].map((name) => {
    const { status, stdout, stderr } = build(path.join(folder, name));
    t.equal(status, 0, stderr);
    return (JSON.parse(stdout) as { result: { image: string; sha256: string } }).result;
  });
  t.match(results[0]?.sha256, /^[0-9a-f]{64}$/);
  t.strictSame(results[0]?.sha256, results[1]?.sha256);
  t.match(results[0]?.image, /^infra-k3s\/restore:kopia-/);
});

t.test("a folder that is not there is refused", { timeout }, async (t) => {
  const { status, stderr, stdout } = build(path.join(t.testdir(), "missing", "a.tar"));
  t.equal(status, 2);
  t.match(stdout + stderr, /CLI_VALUE_INVALID/);
});
