import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { exitCodes, InfraError } from "../lib/errors.ts";

/** The Go that is installed, and where it keeps its own caches. */
export interface Toolchain {
  /** As Go says it: `go1.26.8`, with experiments behind it when there are any. */
  version: string;
  /** The folders that a build fills: modules and compiled packages. */
  cacheFolders: readonly string[];
}

/** How a build calls Go; all of it is part of a component's cache key. */
export const buildFlags: readonly string[] = [
  "-trimpath",
  "-buildvcs=false",
  "-mod=readonly",
  // What the linker would drop again; a tenth of the compiler's time goes into it.
  "-gcflags=all=-dwarf=false",
];

/** What the environment or `go env -w` could change in a program, set to a fixed value. */
export const buildEnvironment: Readonly<Record<string, string>> = {
  CGO_ENABLED: "0",
  GOOS: "linux",
  GOARCH: process.arch === "arm64" ? "arm64" : "amd64",
  GOAMD64: "v1",
  GOARM64: "v8.0",
  GOWORK: "off",
  GOTOOLCHAIN: "local",
  // The flags are given on the command line; an empty value would let `go env -w` speak.
  GOFLAGS: "-mod=readonly",
};

/** Asks the Go on the PATH of `env`; throws LAB_GO_MISSING. */
export async function readToolchain(env: NodeJS.ProcessEnv): Promise<Toolchain> {
  const lines: string[] = [];
  const names = ["GOVERSION", "GOMODCACHE", "GOCACHE"];
  try {
    await runGo(["env", ...names], { folder: "/", env, onOutput: (line) => lines.push(line) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new InfraError({
      code: "LAB_GO_MISSING",
      message: "Go is not installed",
      why: "the lab builds Kubernetes, Velero and the rest from source, and go is in no folder of PATH",
      fix: "Install Go (https://go.dev/dl), and put its bin folder on PATH",
      cause: error,
    });
  }
  const [version = "", ...cacheFolders] = lines;
  return { version, cacheFolders };
}

/** Throws LAB_GO_TOO_OLD unless Go is at least `floor`, a version as in a go.mod: `1.26.0`. */
export function checkToolchain(toolchain: Toolchain, floor: string): void {
  if (!isOlder(toolchain.version, floor)) return;
  const installed = toolchain.version.replace(/^go(\S+).*$/, "$1");
  throw new InfraError({
    code: "LAB_GO_TOO_OLD",
    message: `Go ${installed} cannot build the lab's components`,
    why: `they need Go ${floor} or later`,
    fix: "Install a newer Go (https://go.dev/dl), and put its bin folder first on PATH",
  });
}

/** The Go that a group is built with. */
export interface ChosenToolchain {
  version: string;
  /** The value of GOTOOLCHAIN. */
  setting: string;
}

/** What is installed, unless that is older than the Go that is wanted. */
export function chooseToolchain(installed: string, wanted: string | undefined): ChosenToolchain {
  return wanted !== undefined && isOlder(installed, wanted.replace(/^go/, ""))
    ? { version: wanted, setting: wanted }
    : { version: installed, setting: "local" };
}

function isOlder(toolchain: string, floor: string): boolean {
  const [, number] = /^go(\d+(?:\.\d+)*)/.exec(toolchain) ?? [];
  // Without a number it is a development version, which the Go command compares by itself.
  return number !== undefined && compareVersions(number, floor) < 0;
}

/** Less than 0 when `a` is the older one; both are numbers with dots between them. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let place = 0; place < Math.max(left.length, right.length); place += 1) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export interface GoOptions extends ProgramOptions {
  /** The value of GOTOOLCHAIN; `local` when left out. */
  toolchain?: string;
}

export interface ProgramOptions {
  folder: string;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** Each line of stdout. */
  onOutput?: (line: string) => void;
  /** Each line of stderr. */
  onError?: (line: string) => void;
}

/**
 * Runs `go` with the build environment; throws LAB_BUILD_FAILED with the last lines that are no
 * progress, the reason of `signal` once that is aborted, and what `spawn` throws.
 */
export async function runGo(argv: readonly string[], options: GoOptions): Promise<void> {
  const { toolchain = buildEnvironment["GOTOOLCHAIN"] } = options;
  const complaints: string[] = [];
  const code = await runProgram("go", argv, {
    ...options,
    // Where modules come from stays the user's own choice: GOPROXY and the like are passed on.
    env: { ...options.env, ...buildEnvironment, GOTOOLCHAIN: toolchain },
    onError(line) {
      if (isComplaint(line)) complaints.push(line);
      options.onError?.(line);
    },
  });
  if (code === 0) return;
  throw new InfraError({
    code: "LAB_BUILD_FAILED",
    message: `go ${argv[0]} failed in ${options.folder}`,
    why: complaints.slice(-shownComplaints).join("\n       ") || `it ended with code ${code}`,
    fix: "Correct what it complains about, then run the same command again: what is built is kept",
    exitCode: exitCodes.failed,
  });
}

const shownComplaints = 8;

/** Go tells of every download and, asked for -v, of every package: a path without a blank. */
function isComplaint(line: string): boolean {
  return line.includes(" ") && !line.startsWith("go: downloading ");
}

/** Runs a program without input and gives its exit code, -1 after a signal. */
export async function runProgram(
  program: string,
  argv: readonly string[],
  { folder, env, signal, onOutput, onError }: ProgramOptions,
): Promise<number> {
  signal?.throwIfAborted();
  const child = spawn(program, argv, {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, so that a stop reaches the compilers that Go has started. Without
    // a signal nobody would stop it, and Ctrl-C has to.
    detached: signal !== undefined,
  });
  const stop = (): void => {
    if (child.pid !== undefined) stopGroup(child.pid);
  };
  signal?.addEventListener("abort", stop);
  createInterface({ input: child.stdout }).on("line", (line) => onOutput?.(line));
  createInterface({ input: child.stderr }).on("line", (line) => onError?.(line));
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (exitCode) => resolve(exitCode ?? -1));
    });
    signal?.throwIfAborted();
    return code;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function stopGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
