import { mkdir, rename, rm, stat } from "node:fs/promises";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { run, type RunOptions } from "../../lib/exec/run.ts";
import type { GitPaths, LabPaths } from "../paths.ts";

const branch = "refs/heads/main";

/** What files are to contain, by their paths in the repository; undefined takes one away. */
export type Edits = ReadonlyMap<string, string | undefined>;

export interface PublishOptions {
  message: string;
  /** Of the work tree's files. */
  edits?: Edits;
  /** The project's own when left out. */
  workTree?: string;
}

/**
 * Makes the files of the work tree as they are now, without those that its .gitignore files name, the
 * newest commit of the branch `main` of the lab's repository; returns that commit, which is the one
 * before when nothing has changed. The work tree need be no repository, and one that it is stays
 * untouched. Throws EXEC_MISSING and EXEC_FAILED.
 */
export async function publish(
  paths: LabPaths,
  { message, edits = new Map(), workTree = repositoryRoot }: PublishOptions,
): Promise<string> {
  const { git } = paths.servers;
  await ensureRepository(git);
  const env = { GIT_WORK_TREE: workTree, GIT_INDEX_FILE: git.index };
  await runGit(git, ["add", "--all"], { cwd: workTree, env });
  const tree = await runGit(git, ["write-tree"], { env });
  return await commit(git, await editTree(git, tree, edits), message);
}

/** A commit on top of what is published, that changes these files; returns it. Throws EXEC_FAILED. */
export async function editPublished(
  paths: LabPaths,
  edits: Edits,
  message = `Change ${[...edits.keys()].join(", ")}`,
): Promise<string> {
  const { git } = paths.servers;
  return await commit(git, await editTree(git, `${branch}^{tree}`, edits), message);
}

/** A commit that takes the newest one back; returns it. Throws EXEC_FAILED. */
export async function revertLast(paths: LabPaths): Promise<string> {
  const { git } = paths.servers;
  const tree = await runGit(git, ["rev-parse", "--verify", `${branch}~1^{tree}`]);
  const subject = await runGit(git, ["log", "-1", "--format=%s", branch]);
  return await commit(git, tree, `Revert "${subject}"`);
}

async function ensureRepository({ folder, repository }: GitPaths): Promise<void> {
  // Renamed to this only once it was whole.
  if ((await stat(repository).catch(() => undefined)) !== undefined) return;
  const half = `${folder}.new`;
  await rm(half, { recursive: true, force: true });
  await runGit({ repository: half }, ["init", "--quiet", "--bare", "--initial-branch=main"]);
  await mkdir(folder, { recursive: true });
  await rename(half, repository);
}

/** A tree with the edits in it. */
async function editTree(git: GitPaths, tree: string, edits: Edits): Promise<string> {
  const index = `${git.index}.edited`;
  const env = { GIT_INDEX_FILE: index };
  await rm(index, { force: true });
  await runGit(git, ["read-tree", tree], { env });
  const lines = [...edits].map(async ([file, content]) => {
    if (content === undefined) return `0 ${"0".repeat(40)}\t${file}\0`;
    const blob = await runGit(git, ["hash-object", "-w", "--stdin"], { stdin: content });
    return `100644 ${blob}\t${file}\0`;
  });
  const stdin = (await Promise.all(lines)).join("");
  await runGit(git, ["update-index", "-z", "--index-info"], { env, stdin });
  return await runGit(git, ["write-tree"], { env });
}

/** Makes a tree the newest commit unless it is that already. */
async function commit(git: GitPaths, tree: string, message: string): Promise<string> {
  const parent = await findRevision(git, branch);
  if (parent !== "" && (await findRevision(git, `${parent}^{tree}`)) === tree) return parent;
  const parents = parent === "" ? [] : ["-p", parent];
  const made = await runGit(git, ["commit-tree", tree, ...parents], { stdin: message });
  // Refused should another process have been quicker; an empty name: there is to be none so far.
  await runGit(git, ["update-ref", branch, made, parent]);
  return made;
}

/** Empty when there is none of that name. */
async function findRevision(git: GitPaths, name: string): Promise<string> {
  return await runGit(git, ["rev-parse", "--verify", "--quiet", name], { allowedCodes: [0, 1] });
}

/** What Git says, with nothing of the user's own settings; without its last newline. */
async function runGit(
  { repository }: Pick<GitPaths, "repository">,
  args: readonly string[],
  { env, ...options }: RunOptions = {},
): Promise<string> {
  const { stdout } = await run(["git", ...args], {
    ...options,
    env: {
      PATH: process.env["PATH"],
      GIT_DIR: repository,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_NAME: "lab",
      GIT_AUTHOR_EMAIL: "lab@infra-k3s.invalid",
      GIT_COMMITTER_NAME: "lab",
      GIT_COMMITTER_EMAIL: "lab@infra-k3s.invalid",
      ...env,
    },
    installHint: "Install git",
  });
  return stdout.trimEnd();
}
