import { homedir } from "node:os";
import path from "node:path";

/** The folder of the repository, whatever folder a command is run from. */
export const repositoryRoot = path.resolve(import.meta.dirname, "../..");

/** Where the schemas of Kubernetes, of CRDs and of our own files are kept. */
export const schemasFolder = path.join(repositoryRoot, "config/schemas");

/** A file as messages name it: relative to the repository when it lies in it. */
export function showPath(file: string): string {
  const relative = path.relative(repositoryRoot, file);
  const outside = relative === ".." || relative.startsWith(`..${path.sep}`);
  return outside ? file : relative || ".";
}

/** `~/x` as a shell would read it; any other path as it is. */
export function expandHome(file: string): string {
  return file === "~" || file.startsWith("~/") ? path.join(homedir(), file.slice(1)) : file;
}
