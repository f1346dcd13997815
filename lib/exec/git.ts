import { existsSync } from "node:fs";
import path from "node:path";
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
