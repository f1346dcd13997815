import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, InfraError } from "../lib/errors.ts";

/** How long the kernel may take to end what was killed. */
const killSeconds = 15;

/** Links of /proc/<pid>/ns. */
export type NamespaceKind = "net" | "pid";

/** The processes of this machine, by what `match` finds of them; those that end meanwhile are out. */
export async function findProcesses(match: (pid: number) => Promise<boolean>): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const verdicts = await Promise.all(pids.map((pid) => match(pid).catch(ignoreGone)));
  return pids.filter((_, index) => verdicts[index]);
}

/** The namespace of a process as the kernel names it: `net:[4026531840]`. */
export async function readNamespace(pid: number | "self", kind: NamespaceKind): Promise<string> {
  return await readlink(`/proc/${pid}/ns/${kind}`);
}

/** The arguments of a process; empty for one that has ended or is of the kernel's own. */
export async function readCommandLine(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return text.split("\0").slice(0, -1);
}

/**
 * The first process of the pid namespace that one of `pids` is in: the init of a container.
 * Undefined when all are of this process's own namespace.
 */
export async function findInit(pids: readonly number[]): Promise<number | undefined> {
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    // NSpid: the pid in each nested namespace, ours first.
    if (/^NSpid:\s+\d+\s+1$/m.test(status)) return pid;
  }
  return undefined;
}

/**
 * Kills what `list` finds until it finds nothing more; returns how many processes that were.
 * Throws LAB_PROCESS_STUCK.
 */
export async function killAll(list: () => Promise<number[]>): Promise<number> {
  const killed = new Set<number>();
  const deadline = Date.now() + killSeconds * 1000;
  for (;;) {
    const pids = await list();
    if (pids.length === 0) return killed.size;
    if (Date.now() > deadline) throw stuck(pids);
    for (const pid of pids) {
      killed.add(pid);
      signal(pid, "SIGKILL");
    }
    await sleep(20);
  }
}

/** Sends a signal; a process that is gone already is fine. */
export function signal(pid: number, name: NodeJS.Signals | number): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function ignoreGone(error: NodeJS.ErrnoException): false {
  if (error.code === "ENOENT" || error.code === "ESRCH" || error.code === "EACCES") return false;
  throw error;
}

function stuck(pids: number[]): InfraError {
  return new InfraError({
    code: "LAB_PROCESS_STUCK",
    message: `processes of the lab do not end: ${pids.join(", ")}`,
    why: `they were killed ${killSeconds} s ago; the kernel is waiting for something on their behalf`,
    fix: `See what for: cat /proc/${pids[0]}/stack; then run the same command again`,
    exitCode: exitCodes.failed,
  });
}
