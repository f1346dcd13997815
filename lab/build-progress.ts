import { renderBytes } from "../lib/steps/render-lines.ts";

/** What a build tells while it goes on; `seconds` count from the start of the whole build. */
export type BuildEvent =
  | { kind: "planned"; present: number; missing: readonly string[] }
  | { kind: "started"; group: string; number: number; total: number; seconds: number }
  | {
      kind: "progress";
      group: string;
      number: number;
      total: number;
      seconds: number;
      /** Modules fetched and packages compiled so far for this group. */
      downloads: number;
      packages: number;
    }
  | {
      kind: "built";
      group: string;
      number: number;
      total: number;
      seconds: number;
      groupSeconds: number;
      bytes: number;
    };

/** One line for an event; undefined when there is nothing to say. */
export function renderBuildEvent(event: BuildEvent): string | undefined {
  if (event.kind !== "planned") return renderGroupEvent(event);
  const { present, missing } = event;
  if (missing.length === 0) return undefined;
  return `components: ${missing.length} to build (${missing.join(", ")}), ${present} in the cache`;
}

function renderGroupEvent(event: Exclude<BuildEvent, { kind: "planned" }>): string {
  const { group, number, total } = event;
  const left = total - number;
  const head = `${renderSeconds(event.seconds).padStart(9)}  ${group} (${number} of ${total})`;
  switch (event.kind) {
    case "started":
      return `${head}: building, ${left === 0 ? "the last one" : `${left} left after it`}`;
    case "progress": {
      const { downloads, packages } = event;
      const parts = [
        ...(downloads === 0 ? [] : [`${downloads} modules fetched`]),
        `${packages} packages compiled`,
      ];
      return `${head}: ${parts.join(", ")}`;
    }
    case "built": {
      const size = renderBytes(event.bytes);
      return `${head}: built in ${renderSeconds(event.groupSeconds)}, ${size}, ${left} left`;
    }
  }
}

/** 75 becomes "1 min 15 s". */
export function renderSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
