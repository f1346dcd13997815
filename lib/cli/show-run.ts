import type { Emit, TimedEvent } from "../steps/events.ts";
import { renderLine } from "../steps/render-lines.ts";
import { createLiveView, type LiveView } from "../steps/render-live.ts";
import { redact } from "./redact.ts";
import type { Terminal } from "./terminal.ts";

const redrawEveryMs = 200;
const sameNoteEveryMs = 10_000;
/** More lines than the terminal has cannot be taken back. */
const mostLiveLines = 12;

/** The audience of a run: what `emit` is told appears on stderr until `end`. */
export interface RunView {
  emit: Emit;
  /** Takes the redrawn part away; nothing appears afterwards. */
  end(): void;
}

/**
 * Shows a run as lines that are kept and, on an interactive terminal, a line per running step below
 * them that is redrawn five times a second.
 */
export function showRun(terminal: Terminal, clock: { now(): number }): RunView {
  let view: LiveView | undefined;
  let timer: NodeJS.Timeout | undefined;
  let drawn = 0;
  let ended = false;
  const isDue = createThrottle();
  const tellInterrupted = (): void =>
    draw("interrupted: ending what runs; Ctrl-C once more leaves at once");
  terminal.interrupted.addEventListener("abort", tellInterrupted, { once: true });

  function draw(kept?: string): void {
    const lines = terminal.isInteractive && view !== undefined ? readLiveLines(view) : [];
    const back = drawn === 0 ? "" : `\u001B[${drawn}A\r\u001B[J`;
    const text = [...(kept === undefined ? [] : [kept]), ...lines].map((line) => `${line}\n`);
    drawn = lines.length;
    terminal.err(back + text.join(""));
  }

  function readLiveLines(from: LiveView): string[] {
    // Redacted whole, then cut: half a secret would not be recognised. The last column stays
    // free, where terminals differ in when they wrap.
    const width = terminal.columns - 1;
    const lines = from.render(clock.now(), Number.MAX_SAFE_INTEGER).map(redact);
    const hidden = lines.length - mostLiveLines;
    if (hidden > 0) lines.splice(mostLiveLines - 1, hidden + 1, `  ...    and ${hidden + 1} more`);
    return lines.map((line) => line.slice(0, width));
  }

  return {
    emit(event) {
      if (ended) return;
      view ??= terminal.isInteractive ? createLiveView(event.at) : createPlainView(event.at);
      if (terminal.isInteractive) timer ??= setInterval(draw, redrawEveryMs).unref();
      const kept = view.apply(event);
      if (kept !== undefined && isDue(event)) draw(kept);
    },
    end() {
      ended = true;
      clearInterval(timer);
      terminal.interrupted.removeEventListener("abort", tellInterrupted);
      view = undefined;
      if (drawn > 0) draw();
    },
  };
}

function createPlainView(startedAt: number): LiveView {
  return { apply: (event) => renderLine(event, startedAt), render: () => [] };
}

/** Lets progress pass when its note is new or the last line of its step is long ago. */
function createThrottle(): (event: TimedEvent) => boolean {
  const shown = new Map<string, { note: string | undefined; at: number }>();
  return (event) => {
    if (event.kind !== "step-progress") return true;
    const last = shown.get(event.step);
    const note = event.progress.note ?? last?.note;
    const isOld = last === undefined || event.at - last.at >= sameNoteEveryMs;
    if (!isOld && note === last.note) return false;
    shown.set(event.step, { note, at: event.at });
    return true;
  };
}
