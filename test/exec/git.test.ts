import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import t, { type Test } from "tap";
import { createGitServer } from "../../lab/clouds/git-server.ts";
import { listUncommitted, readCommit, readRemoteCommit } from "../../lib/exec/git.ts";
import { askGit, gitEnvironment, noGit } from "../support/git.ts";

const password = "git-password-2";

/** A work tree with one commit on `main`, at the same time a repository that others read. */
function makeWorkTree(t: Test): string {
  const folder = t.testdir({ kubernetes: { "one.yaml": "a: 1\n" }, docs: { "one.md": "text\n" } });
  askGit(folder, "init", "--quiet", "--initial-branch=main");
  askGit(folder, "add", "--all");
  askGit(folder, "commit", "--quiet", "--message=first");
  return folder;
}

t.test("the commit of another repository's branch", { skip: noGit }, async (t) => {
  const folder = makeWorkTree(t);
  const commit = await readCommit(folder);
  t.match(commit, /^[0-9a-f]{40}$/);
  t.equal(await readRemoteCommit(folder, "main", { env: gitEnvironment }), commit);
  await t.rejects(readRemoteCommit(folder, "other", { env: gitEnvironment }), {
    code: "GIT_BRANCH_MISSING",
    message: /no branch other/,
  });
  await t.rejects(readRemoteCommit(`${folder}/nothing`, "main", { env: gitEnvironment }), {
    code: "GIT_REMOTE_UNREACHABLE",
    exitCode: 2,
  });
});

t.test(
  "a private repository is read with its login, and not without",
  { skip: noGit },
  async (t) => {
    const root = t.testdir({});
    const bare = path.join(root, "infra-k3s.git");
    askGit(root, "clone", "--quiet", "--bare", makeWorkTree(t), bare);
    const server = createServer(createGitServer({ folder: root, user: "argocd", password }));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/infra-k3s.git`;
    const login = { username: "argocd", password };
    const commit = await readRemoteCommit(url, "main", { env: gitEnvironment, login });
    t.equal(commit, askGit(bare, "rev-parse", "main"));
    for (const wrong of [undefined, { ...login, password: "another" }]) {
      const refused = readRemoteCommit(url, "main", { env: gitEnvironment, login: wrong });
      await t.rejects(refused, { code: "GIT_REMOTE_DENIED", fix: /credentials\.sops\.yaml/ });
    }
  },
);

t.test("what a commit does not have", { skip: noGit }, async (t) => {
  const folder = makeWorkTree(t);
  const list = async () => await listUncommitted(path.join(folder, "kubernetes"), [":/kubernetes"]);
  t.strictSame(await list(), []);
  writeFileSync(path.join(folder, "docs/one.md"), "other\n");
  t.strictSame(await list(), [], "elsewhere");
  mkdirSync(path.join(folder, "kubernetes/app"));
  writeFileSync(path.join(folder, "kubernetes/app/new file.yaml"), "a: 1\n");
  writeFileSync(path.join(folder, "kubernetes/one.yaml"), "a: 2\n");
  t.strictSame((await list()).toSorted(), ["kubernetes/app/", "kubernetes/one.yaml"]);
});
