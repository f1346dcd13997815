import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** A program that the lab has built, out of its cache; undefined when there is none. */
export function findLabProgram(
  group: string,
  name: string,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const cache = path.join(env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "infra-k3s/lab");
  const found = listFolder(cache)
    .filter((entry) => entry.startsWith(`${group}-`))
    .find((entry) => listFolder(path.join(cache, entry)).includes(name));
  return found === undefined ? undefined : path.join(cache, found, name);
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
