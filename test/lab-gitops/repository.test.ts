import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { editPublished, publish, revertLast } from "../../lab/gitops/repository.ts";
import { findPaths } from "../../lab/paths.ts";
import { askGit, noGit } from "../support/git.ts";
import { setVariables } from "../support/environment.ts";

function start(t: Test) {
  const folder = t.testdir({
    state: {},
    tree: {
      ".gitignore": "private/\n",
      "README.md": "read\n",
      private: { key: "secret" },
      apps: { "shop.yaml": "replicas: 1\n", "till.yaml": "replicas: 1\r\n" },
    },
  });
  const paths = findPaths({ XDG_STATE_HOME: path.join(folder, "state") });
  mkdirSync(paths.servers.folder, { recursive: true });
  const { repository } = paths.servers.git;
  return {
    paths,
    workTree: path.join(folder, "tree"),
    list: () => askGit(repository, "ls-tree", "-r", "--name-only", "main").split("\n"),
    show: (file: string) => askGit(repository, "show", `main:${file}`),
    log: () => askGit(repository, "log", "--format=%s", "main").split("\n"),
  };
}

t.test(
  "the work tree is published as it is, and only when it has changed",
  { skip: noGit },
  async (t) => {
    const { paths, workTree, list, show, log } = start(t);
    // As in a hook of Git.
    setVariables(t, { GIT_DIR: "/nowhere", GIT_INDEX_FILE: "/nowhere/index" });
    const first = await publish(paths, { message: "first", workTree });
    t.match(first, /^[0-9a-f]{40}$/);
    t.strictSame(list(), [".gitignore", "README.md", "apps/shop.yaml", "apps/till.yaml"]);
    t.equal(show("apps/till.yaml"), "replicas: 1\r");
    t.equal(await publish(paths, { message: "again", workTree }), first);
    t.equal(askGit(paths.servers.git.repository, "symbolic-ref", "HEAD"), "refs/heads/main");

    writeFileSync(path.join(workTree, "apps/shop.yaml"), "replicas: 2\n");
    writeFileSync(path.join(workTree, "new.yaml"), "");
    symlinkSync("README.md", path.join(workTree, "link"));
    rmSync(path.join(workTree, "apps/till.yaml"));
    const second = await publish(paths, { message: "second", workTree });
    t.not(second, first);
    t.strictSame(list(), [".gitignore", "README.md", "apps/shop.yaml", "link", "new.yaml"]);
    t.equal(show("apps/shop.yaml"), "replicas: 2");
    t.strictSame(log(), ["second", "first"]);
    const author = askGit(paths.servers.git.repository, "log", "-1", "--format=%an, %cn", "main");
    t.equal(author, "lab, lab");
  },
);

t.test("files can be added, replaced and left out", { skip: noGit }, async (t) => {
  const { paths, workTree, list, show } = start(t);
  const edits = new Map([
    ["private/settings.sops.yaml", "ENC[x]\n"],
    ["README.md", "other\n"],
    ["apps/till.yaml", undefined],
    ["apps/none.yaml", undefined],
  ]);
  const first = await publish(paths, { message: "first", edits, workTree });
  const expected = [".gitignore", "README.md", "apps/shop.yaml", "private/settings.sops.yaml"];
  t.strictSame(list(), expected);
  t.equal(show("README.md"), "other");
  t.equal(readFileSync(path.join(workTree, "README.md"), "utf8"), "read\n");
  t.equal(await publish(paths, { message: "again", edits, workTree }), first);
  // What was added is in the way of nothing that is ignored.
  writeFileSync(path.join(workTree, "private/settings.sops.yaml"), "plain\n");
  await publish(paths, { message: "without", workTree });
  t.strictSame(list(), [".gitignore", "README.md", "apps/shop.yaml", "apps/till.yaml"]);
  t.equal(show("README.md"), "read");
});

t.test("what is published is changed, and changed back", { skip: noGit }, async (t) => {
  const { paths, workTree, list, show, log } = start(t);
  const edits = new Map([
    ["apps/shop.yaml", "replicas: [\n"],
    ["apps/till.yaml", undefined],
  ]);
  await t.rejects(editPublished(paths, edits), { code: "EXEC_FAILED" }, "nothing is published");
  const first = await publish(paths, { message: "first", workTree });
  const changed = await editPublished(paths, edits);
  t.strictSame(list(), [".gitignore", "README.md", "apps/shop.yaml"]);
  t.equal(show("apps/shop.yaml"), "replicas: [");
  t.equal(await editPublished(paths, edits), changed, "it is so already");
  const reverted = await revertLast(paths);
  t.equal(new Set([first, changed, reverted]).size, 3);
  t.strictSame(log(), [
    'Revert "Change apps/shop.yaml, apps/till.yaml"',
    "Change apps/shop.yaml, apps/till.yaml",
    "first",
  ]);
  t.equal(show("apps/shop.yaml"), "replicas: 1");
  t.equal(await publish(paths, { message: "again", workTree }), reverted);
});

t.test("the user's own repository stays as it is", { skip: noGit }, async (t) => {
  const { paths, workTree, list } = start(t);
  askGit(workTree, "init", "--quiet");
  askGit(workTree, "add", "README.md");
  writeFileSync(path.join(workTree, "README.md"), "changed\n");
  const before = readFileSync(path.join(workTree, ".git/index"));
  await publish(paths, { message: "first", workTree });
  t.ok(readFileSync(path.join(workTree, ".git/index")).equals(before));
  t.equal(askGit(workTree, "status", "--porcelain=v1", "README.md"), "AM README.md");
  t.strictSame(list(), [".gitignore", "README.md", "apps/shop.yaml", "apps/till.yaml"]);
});
