import { existsSync } from "node:fs";
import path from "node:path";
import { registerSecret } from "../cli/redact.ts";
import { exitCodes, InfraError } from "../errors.ts";
import { run } from "./run.ts";

/**
 * The files of a work tree that Git has or would take, relative to its top `folder`, in order. Throws
 * EXEC_MISSING and EXEC_FAILED.
 */
export async function listGitFiles(folder: string): Promise<string[]> {
  const { stdout } = await run(
    ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
    { cwd: folder },
  );
  return stdout.split("\0").filter((file) => file !== "" && existsSync(path.join(folder, file)));
}

/** Whether Git leaves a file of a work tree out. Throws EXEC_MISSING and EXEC_FAILED. */
export async function isIgnored(folder: string, file: string): Promise<boolean> {
  const { code } = await run(["git", "check-ignore", "--quiet", "--", file], {
    cwd: folder,
    allowedCodes: [0, 1],
  });
  return code === 0;
}

/** How to log in to a repository over HTTPS. */
export interface GitLogin {
  username: string;
  password: string;
}

/**
 * The commit that a branch of another repository is at. Without a login it is what the user's own
 * settings of Git say; nothing is ever asked for. Throws GIT_REMOTE_DENIED, GIT_REMOTE_UNREACHABLE and
 * GIT_BRANCH_MISSING.
 */
export async function readRemoteCommit(
  url: string,
  branch: string,
  { env, login }: { env: NodeJS.ProcessEnv; login?: GitLogin | undefined },
): Promise<string> {
  const ref = `refs/heads/${branch}`;
  const { code, stdout, stderr } = await run(["git", "ls-remote", "--exit-code", url, ref], {
    env: {
      ...env,
      GIT_TERMINAL_PROMPT: "0",
      GIT_SSH_COMMAND: env["GIT_SSH_COMMAND"] ?? "ssh -o BatchMode=yes",
      ...(login === undefined ? {} : configure(login)),
    },
    timeoutSeconds: 30,
    allowedCodes: [0, 2, 128],
    installHint: "Install git",
  });
  if (code === 0) return stdout.slice(0, stdout.indexOf("\t"));
  if (code === 2) throw branchMissing(url, branch);
  throw unread(url, stderr.trim());
}

/** The commit that a work tree is at. Throws EXEC_FAILED. */
export async function readCommit(folder: string): Promise<string> {
  const { stdout } = await run(["git", "rev-parse", "HEAD"], { cwd: folder });
  return stdout.trim();
}

/** The top of the work tree that a folder is in. Throws EXEC_FAILED. */
export async function readTop(folder: string): Promise<string> {
  const { stdout } = await run(["git", "rev-parse", "--show-toplevel"], { cwd: folder });
  return stdout.trim();
}

/** The files below `folders` that differ from the commit that the work tree is at. Throws EXEC_FAILED. */
export async function listUncommitted(
  folder: string,
  folders: readonly string[],
): Promise<string[]> {
  const { stdout } = await run(
    ["git", "status", "--porcelain", "--no-renames", "-z", "--", ...folders],
    {
      cwd: folder,
    },
  );
  return stdout
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => line.slice(3));
}

/** By the environment: everybody on the machine can read arguments. */
function configure({ username, password }: GitLogin): NodeJS.ProcessEnv {
  const value = Buffer.from(`${username}:${password}`).toString("base64");
  registerSecret(password);
  registerSecret(value);
  return {
    GIT_CONFIG_COUNT: "2",
    // Of the user's own helpers none is asked, and none is told.
    GIT_CONFIG_KEY_0: "credential.helper",
    GIT_CONFIG_VALUE_0: "",
    GIT_CONFIG_KEY_1: "http.extraHeader",
    GIT_CONFIG_VALUE_1: `Authorization: Basic ${value}`,
  };
}

function branchMissing(url: string, branch: string): InfraError {
  return new InfraError({
    code: "GIT_BRANCH_MISSING",
    message: `${url} has no branch ${branch}`,
    fix: `Push it: git push ${url} HEAD:${branch}`,
  });
}

function unread(url: string, says: string): InfraError {
  const isDenied = /authentication failed|could not read username|permission denied|403|401/i.test(
    says,
  );
  return new InfraError({
    code: isDenied ? "GIT_REMOTE_DENIED" : "GIT_REMOTE_UNREACHABLE",
    message: isDenied ? `${url} lets nobody in with this login` : `${url} cannot be read`,
    why: says,
    fix: isDenied
      ? "Correct the credential: sops edit config/argocd/credentials.sops.yaml"
      : "See that the address is right, and that this machine reaches it",
    exitCode: exitCodes.badInput,
  });
}
