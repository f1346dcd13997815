import type { Progress } from "./step.ts";
import type { TimedEvent } from "./events.ts";

/**
 * One plain line per event, for logs and for terminals that cannot redraw; undefined when the
 * event deserves none. `startedAt` is the run's start in milliseconds.
 */
export function renderLine(event: TimedEvent, startedAt: number): string | undefined {
  const line = renderEvent(event, startedAt);
  return line === undefined ? undefined : joinLines(line);
}

/**
 * The text as one line: notes and errors quote what servers and pods say, and that must neither
 * break a line nor move the cursor.
 */
export function joinLines(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029][\s\p{Cc}]*/gu, " ").trimEnd();
}

function renderEvent(event: TimedEvent, startedAt: number): string | undefined {
  const clock = `${((event.at - startedAt) / 1000).toFixed(1).padStart(6)} s`;
  switch (event.kind) {
    case "run-started":
      return `${clock}  run   ${event.runId}${event.resumed ? " (going on)" : ""}`;
    case "step-started":
      return `${clock}  start ${event.title}`;
    case "step-progress": {
      const text = renderProgress(event.progress);
      return text === "" ? undefined : `${clock}  wait  ${event.title}: ${text}`;
    }
    case "step-skipped":
      return `${clock}  skip  ${event.title}: ${event.note}`;
    case "step-done":
      return `${clock}  ok    ${event.title}${event.already ? " (already so)" : ""}`;
    case "step-failed":
      return `${clock}  fail  ${event.title}: ${event.error}`;
    case "undo-done":
      return `${clock}  undo  ${event.title}: ${event.note}`;
    case "undo-failed":
      return `${clock}  fail  undo of ${event.title}: ${event.error}`;
    case "run-ended":
      return `${clock}  end   ${event.outcome}`;
  }
}

/** Bytes and note of a progress, and how long it may still take when `etaSeconds` is known. */
export function renderProgress(progress: Progress, etaSeconds?: number): string {
  const parts: string[] = [];
  if (progress.bytesDone !== undefined) {
    const total =
      progress.bytesTotal === undefined ? "" : ` of ${renderBytes(progress.bytesTotal)}`;
    parts.push(`${renderBytes(progress.bytesDone)}${total}`);
  }
  if (progress.note !== undefined) parts.push(progress.note);
  if (etaSeconds !== undefined) parts.push(`${Math.ceil(etaSeconds)} s left`);
  return parts.join(", ");
}

/** 1234567 becomes "1.2 MB": decimal units, as kopia and the providers count. */
export function renderBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  // 999.95 is written as 1000.0 already.
  while (value >= (unit === 0 ? 1000 : 999.95) && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
