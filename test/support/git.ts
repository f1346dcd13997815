import { execFileSync, spawnSync } from "node:child_process";

/** Why tests with Git are skipped; false where it is. */
export const noGit =
  spawnSync("git", ["--version"]).error === undefined ? false : "there is no git program";

/** An environment in which nobody's settings matter and Git asks nobody for a password. */
export const gitEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env["PATH"] ?? "",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "test",
  GIT_AUTHOR_EMAIL: "test@infra-k3s.invalid",
  GIT_COMMITTER_NAME: "test",
  GIT_COMMITTER_EMAIL: "test@infra-k3s.invalid",
};

/** What Git says in a folder, without its last newline; throws an Error when it fails. */
export function askGit(folder: string, ...args: string[]): string {
  const options = { cwd: folder, env: gitEnvironment, encoding: "utf8", stdio: "pipe" } as const;
  return execFileSync("git", args, options).replace(/\n$/, "");
}
