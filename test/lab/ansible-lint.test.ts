import t from "tap";
import { ensureAnsible } from "../../lab/ansible.ts";
import { ansibleFolder } from "../../lab/playbook.ts";
import { startProgress } from "../../lab/progress.ts";
import { run } from "../../lib/exec/run.ts";

/** Needs no hosts, only what the lab installs for Ansible. */
const bin = await ensureAnsible({ progress: startProgress(() => undefined) });

t.test("ansible-lint has nothing to say about ansible/", async (t) => {
  const env = { PATH: `${bin}:/usr/bin:/bin`, ANSIBLE_HOME: t.testdir({}), NO_COLOR: "1" };
  const options = { cwd: ansibleFolder, env, allowedCodes: [0, 2] };
  const { stdout, stderr, code } = await run(["ansible-lint"], options);
  t.equal(code, 0, stdout);
  const [, files] =
    /^Passed: 0 failure.* in (\d+) files processed.*'production'/m.exec(stderr) ?? [];
  t.ok(Number(files) > 90, `it looked at ${files} files`);
});
