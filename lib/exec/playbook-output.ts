/** What a line of ansible-playbook's own output tells, its results being JSON on one line. */
export type PlaybookLine =
  | { kind: "play"; name: string }
  | { kind: "task"; name: string }
  /** Of a task, or of one of the things that it loops over. */
  | { kind: "failed"; host: string; message: string; isItem: boolean }
  | { kind: "recap"; host: string; ok: number; changed: number; failed: number };

export interface Failure {
  host: string;
  task: string;
  message: string;
}

/** Undefined for a line that tells nothing of it. */
export function parseLine(line: string): PlaybookLine | undefined {
  const [, heading, name] = /^(PLAY|TASK) \[(.*)\] \**$/.exec(line) ?? [];
  if (heading === "PLAY" && name !== undefined) return { kind: "play", name };
  if (heading === "TASK" && name !== undefined) return { kind: "task", name };
  const failed =
    /^(fatal|failed): \[(?<host>[^\] ]+)(?: -> [^\]]*)?\]:? (?:\(item=.*\)|FAILED!|UNREACHABLE!) => (?<json>\{.*\})$/.exec(
      line,
    );
  if (failed?.groups !== undefined) {
    const { host = "", json = "" } = failed.groups;
    return { kind: "failed", host, message: readMessage(json), isItem: failed[1] === "failed" };
  }
  const recap = /^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)\s/.exec(
    line,
  );
  if (recap === null) return undefined;
  const [, host = "", ok, changed, unreachable, errors] = recap;
  const failures = Number(unreachable) + Number(errors);
  return { kind: "recap", host, ok: Number(ok), changed: Number(changed), failed: failures };
}

/**
 * The failures that ended the run, the last one of each host; what a host got over is not among
 * them, since its last one is what it did not get over.
 */
export function findFailures(lines: readonly PlaybookLine[]): Failure[] {
  const failures = new Map<string, Failure>();
  const items = new Map<string, string>();
  let task = "";
  for (const line of lines) {
    if (line.kind === "task") {
      task = line.name;
      items.clear();
    }
    if (line.kind !== "failed") continue;
    const { host, message, isItem } = line;
    if (isItem) items.set(host, message);
    // Of a loop, the task itself says only that something in it has failed, if anything.
    failures.set(host, { host, task, message: items.get(host) ?? message });
  }
  const over = new Set(
    lines.flatMap((line) => (line.kind === "recap" && line.failed === 0 ? [line.host] : [])),
  );
  return [...failures.values()].filter(({ host }) => !over.has(host));
}

function readMessage(json: string): string {
  try {
    const { msg, stderr } = JSON.parse(json) as { msg?: unknown; stderr?: unknown };
    const parts = [msg, stderr].filter((part) => typeof part === "string" && part !== "");
    return parts.length === 0 ? json : parts.join("\n");
  } catch {
    return json;
  }
}
