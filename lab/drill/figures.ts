import { describeClaim } from "../../lib/recovery/names.ts";
import type { VolumeReport } from "../../lib/recovery/report.ts";
import type { DrillFacts } from "./facts.ts";
import type { JournalStep } from "./journal.ts";
import type { NameAnswer } from "./watch-names.ts";

/** What the drill measured, in seconds and bytes; left out what the failover did not get to. */
export interface Figures {
  killToReady?: number;
  killToReport: number;
  /** From the failover command's start to the last workload's Ready. */
  startToReady?: number;
  /** From the proof that the source is off to the last workload's Ready. */
  proofToReady?: number;
  /** The same from the last restore's end, where that was later than the proof. */
  cutOverToReady?: number;
  databaseStart?: number;
  whole: number;
  volumes: VolumeFigures[];
  names: NameFigures[];
  /** The failover's steps, counted from the kill. */
  timeline: { id: string; title: string; state: string; from: number; seconds: number }[];
}

/** When the name server stopped to give out the dead host's address and gave out another. */
export interface NameFigures {
  name: string;
  /** From the kill, and from the last cut-over; left out when it never did. */
  killToAnswer?: number;
  cutOverToAnswer?: number;
  /** What it answered in the end. */
  addresses: string[];
}

export interface VolumeFigures {
  claim: string;
  state: VolumeReport["state"];
  /** RFC 3339. */
  recoveryPoint: string;
  /** As the failover announced it, counted from the last heartbeat of the source. */
  announcedLoss: number;
  how: "restored" | "rebuilt";
  bytes?: number;
  files?: number;
  /** From the restore pod's making to the verified folder. */
  seconds?: number;
  bytesPerSecond?: number;
  /** Kopia's own restore of the same snapshot on the same node: all runs, and their median. */
  kopia?: { runs: readonly number[]; median: number; bytesPerSecond?: number };
  /** `seconds` by `kopia.median`. */
  ratio?: number;
}

/** Works the figures out of what was seen. */
export function computeFigures(facts: DrillFacts): Figures {
  const { failover, killedAt } = facts;
  const provenAt = readTime(failover.steps, "fence-source", "provenAt");
  const readyAt = findReadyAt(failover.steps);
  const filledAt = Math.max(...failover.steps.filter(isFill).map((step) => step.endedAt ?? NaN));
  const since = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined || Number.isNaN(from) ? undefined : (to - from) / 1000;
  return {
    ...optional("killToReady", since(killedAt, readyAt)),
    killToReport: (failover.endedAt - killedAt) / 1000,
    ...optional("startToReady", since(failover.startedAt, readyAt)),
    ...optional("proofToReady", since(provenAt, readyAt)),
    ...optional("cutOverToReady", since(Math.max(provenAt ?? NaN, filledAt), readyAt)),
    ...optional("databaseStart", since(0, facts.database.startMilliseconds)),
    whole: (facts.endedAt - facts.startedAt) / 1000,
    volumes: (failover.report?.volumes ?? []).map((volume) => computeVolume(volume, facts)),
    names: computeNames(facts),
    timeline: failover.steps.map(({ id, title, state, startedAt, endedAt }) => ({
      id,
      title,
      state,
      from: (startedAt - killedAt) / 1000,
      seconds: ((endedAt ?? failover.endedAt) - startedAt) / 1000,
    })),
  };
}

function computeNames({ answers, sourceIp, killedAt, failover }: DrillFacts): NameFigures[] {
  const cutOverAt = Math.max(
    ...failover.steps
      .filter(({ id }) => id.startsWith("cut-over:"))
      .map(({ endedAt }) => endedAt ?? NaN),
  );
  return [...Map.groupBy(answers, ({ name }) => name)].map(([name, own]) => {
    const isRight = ({ addresses }: NameAnswer) =>
      addresses.length > 0 && !addresses.includes(sourceIp);
    // It is to stay so, and to have been otherwise before.
    const lastWrong = own.findLastIndex((answer) => !isRight(answer));
    const right = lastWrong < 0 ? undefined : own[lastWrong + 1];
    return {
      name,
      ...optional("killToAnswer", right && (right.at - killedAt) / 1000),
      ...optional(
        "cutOverToAnswer",
        right === undefined || !Number.isFinite(cutOverAt)
          ? undefined
          : (right.at - cutOverAt) / 1000,
      ),
      addresses: own.at(-1)?.addresses ?? [],
    };
  });
}

/** When the last workload was Ready; undefined unless all of them were. */
export function findReadyAt(steps: readonly JournalStep[]): number | undefined {
  const times = steps
    .filter(({ id, state }) => id.startsWith("ready:") && state !== "skipped")
    .map((step) => readFact(step, "readyAt"));
  if (times.length === 0 || times.includes(undefined)) return undefined;
  return Math.max(...times.filter((time) => time !== undefined));
}

/** The value in the middle; of an even number of values the lower one. */
export function findMedian(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

function computeVolume(volume: VolumeReport, { failover, kopia }: DrillFacts): VolumeFigures {
  const claim = describeClaim(volume.claim);
  const { bytes, files } = volume;
  const step = failover.steps.find(
    ({ id }) => id === `restore:${claim}` || id === `rebuild:${claim}`,
  );
  const seconds =
    step?.state === "done" && step.endedAt !== undefined
      ? (step.endedAt - step.startedAt) / 1000
      : undefined;
  const runs = kopia.find((one) => one.claim === claim)?.seconds ?? [];
  const median = findMedian(runs);
  const own =
    median === undefined
      ? undefined
      : { runs, median, ...optional("bytesPerSecond", divide(bytes, median)) };
  return {
    claim,
    state: volume.state,
    recoveryPoint: volume.recoveryPoint,
    announcedLoss: volume.lossSeconds,
    how: step?.id.startsWith("rebuild:") === true ? "rebuilt" : "restored",
    ...optional("bytes", bytes),
    ...optional("files", files),
    ...optional("seconds", seconds),
    ...optional("bytesPerSecond", divide(bytes, seconds)),
    ...optional("kopia", own),
    ...optional("ratio", divide(seconds, median)),
  };
}

function isFill({ id }: JournalStep): boolean {
  return id.startsWith("restore:") || id.startsWith("rebuild:");
}

function readTime(steps: readonly JournalStep[], id: string, fact: string): number | undefined {
  const step = steps.find((one) => one.id === id);
  return step === undefined ? undefined : readFact(step, fact);
}

function readFact(step: JournalStep, fact: string): number | undefined {
  const value = step.facts[fact];
  return typeof value === "number" ? value : undefined;
}

function divide(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b;
}

/** A property that is left out when there is no value. */
function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [Key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Value };
}
