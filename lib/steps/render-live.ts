import type { TimedEvent } from "./events.ts";
import { joinLines, renderLine, renderProgress } from "./render-lines.ts";
import type { Progress } from "./step.ts";

interface LiveStep {
  title: string;
  startedAt: number;
  progress: Progress;
  /** The first byte count seen, to judge the speed by. */
  first?: { at: number; bytesDone: number };
}

/** The steps that run right now, as the redrawn part of a terminal shows them. */
export interface LiveView {
  /** Takes an event in; returns the line to keep above the redrawn part, if any. */
  apply(event: TimedEvent): string | undefined;
  /** One line per running step, at most `width` characters wide. */
  render(now: number, width: number): string[];
}

/** A view that starts empty; `startedAt` is the run's start in milliseconds. */
export function createLiveView(startedAt: number): LiveView {
  const running = new Map<string, LiveStep>();
  return {
    apply(event) {
      if (event.kind === "step-started") {
        running.set(event.step, { title: event.title, startedAt: event.at, progress: {} });
        return undefined;
      }
      if (event.kind === "step-progress") {
        const step = running.get(event.step);
        if (step === undefined) return renderLine(event, startedAt);
        const { bytesDone } = event.progress;
        // A copy that begins again is not to be judged by the speed of the earlier attempt.
        const isFirst =
          bytesDone !== undefined && bytesDone < (step.progress.bytesDone ?? Infinity);
        if (isFirst) step.first = { at: event.at, bytesDone };
        step.progress = { ...step.progress, ...event.progress };
        return undefined;
      }
      if ("step" in event) running.delete(event.step);
      return renderLine(event, startedAt);
    },
    render(now, width) {
      return [...running.values()].map((step) => {
        const elapsed = `${((now - step.startedAt) / 1000).toFixed(0)} s`;
        const text = renderProgress(step.progress, estimateSecondsLeft(step, now));
        const line = `  ...    ${step.title} (${elapsed})${text === "" ? "" : `: ${text}`}`;
        return joinLines(line).slice(0, width);
      });
    },
  };
}

function estimateSecondsLeft(step: LiveStep, now: number): number | undefined {
  const { bytesDone, bytesTotal } = step.progress;
  if (step.first === undefined || bytesDone === undefined || bytesTotal === undefined)
    return undefined;
  const seconds = (now - step.first.at) / 1000;
  const bytes = bytesDone - step.first.bytesDone;
  if (seconds < 1 || bytes <= 0) return undefined;
  return (Math.max(0, bytesTotal - bytesDone) / bytes) * seconds;
}
