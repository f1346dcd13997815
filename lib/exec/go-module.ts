import { exitCodes, InfraError } from "../errors.ts";
import { run } from "./run.ts";

/** A Go module as the Go command has it: checked against the checksum database, and kept. */
export interface GoModule {
  /** The archive of its files; their names begin with `MODULE@VERSION/`. */
  zip: string;
  /** As in a go.sum: `h1:…`. */
  sum: string;
}

/**
 * Downloads a Go module into Go's cache, unless it is there. `folder` is one without a go.mod.
 * Throws GO_MODULE_MISSING, and what `run` throws.
 */
export async function downloadModule(
  module: string,
  version: string,
  folder: string,
  signal?: AbortSignal,
): Promise<GoModule> {
  const { stdout } = await run(["go", "mod", "download", "-json", `${module}@${version}`], {
    cwd: folder,
    ...(signal === undefined ? {} : { signal }),
    // A module that wants a newer Go than the one here is not built, only read.
    env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "", GOWORK: "off" },
    // 1 comes with an answer in which only the fields of what failed are missing.
    allowedCodes: [0, 1],
    installHint: "Install Go (https://go.dev/dl), and put its bin folder on PATH",
  });
  const answer = JSON.parse(stdout || "{}") as { Zip?: string; Sum?: string; Error?: string };
  if (answer.Zip !== undefined && answer.Sum !== undefined) {
    return { zip: answer.Zip, sum: answer.Sum };
  }
  throw new InfraError({
    code: "GO_MODULE_MISSING",
    message: `Go cannot download ${module}@${version}`,
    why: answer.Error ?? "it gave no archive",
    fix: "Correct the version, or try again when the module proxy can be reached",
    exitCode: exitCodes.failed,
  });
}
