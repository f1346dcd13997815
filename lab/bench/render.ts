import { renderTable } from "../../lib/cli/table.ts";
import type { Exactness } from "./exactness.ts";
import type { Measured } from "./measure.ts";

export interface Bench {
  rows: {
    objects: number;
    withCache: boolean;
    ours: Measured;
    theirs: Measured;
    /** The most that our wall time may be of theirs. */
    most: number;
  }[];
  mostMiB: number;
  exactness: { ours: Exactness; theirs: Exactness };
}

/** The figures as tables, and whether all are within their bounds. */
export function renderBench({ rows, mostMiB, exactness }: Bench): {
  text: string;
  isWithin: boolean;
} {
  const cells = rows.map(({ objects, withCache, ours, theirs, most }) => {
    const ratio = ours.medianMs / theirs.medianMs;
    return [
      `${objects}${withCache ? ", cache warm" : ""}`,
      ours.medianMs.toFixed(0),
      theirs.medianMs.toFixed(0),
      ratio.toFixed(2),
      most.toFixed(1),
      ours.peakMiB.toFixed(0),
      theirs.peakMiB.toFixed(0),
      ratio <= most && ours.peakMiB <= mostMiB ? "ok" : "over",
    ];
  });
  const head = ["OBJECTS", "VALIDATE ms", "KUBECONFORM ms", "RATIO", "BOUND", "MiB", "ITS MiB", ""];
  const text = [
    renderTable(cells, head),
    "Median of 10 runs in turn, -strict -n 2, each kind's schema in a file of its own for kubeconform.\n",
    renderTable(
      [
        renderExactness("validate", exactness.ours),
        renderExactness("kubeconform", exactness.theirs),
      ],
      ["FIXTURES", "FOUND", "AT THE RIGHT LINE", "FALSE ALARMS"],
    ),
  ].join("\n");
  const { invalid, atLine, falseAlarms } = exactness.ours;
  const isExact = atLine === invalid && falseAlarms === 0;
  return { text, isWithin: isExact && cells.every((row) => row.at(-1) === "ok") };
}

function renderExactness(name: string, of: Exactness): string[] {
  const { invalid, found, atLine, valid, falseAlarms } = of;
  return [name, `${found} of ${invalid}`, `${atLine} of ${invalid}`, `${falseAlarms} of ${valid}`];
}
