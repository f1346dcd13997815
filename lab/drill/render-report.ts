import { renderTable } from "../../lib/cli/table.ts";
import { renderBytes } from "../../lib/steps/render-lines.ts";
import type { DrillReport } from "./report.ts";

interface Section {
  title: string;
  headers: string[];
  rows: string[][];
}

/** The report for a terminal. */
export function renderDrillText(report: DrillReport): string {
  const parts = listSections(report).map(
    ({ title, headers, rows }) => `${title}\n${renderTable(rows, headers)}`,
  );
  // Of a table with sentences in it a terminal would show half.
  const lists = listAllChecks(report).map(({ title, checks, failed }) => {
    const lines = checks.map(
      (one) =>
        `${(one.passed ? "ok" : failed).padEnd(7)} ${one.title}\n        ${one.measured} (wanted: ${one.wanted})\n`,
    );
    return `${title}\n${lines.join("")}`;
  });
  return [renderHead(report), ...parts, ...lists, renderVerdict(report)].join("\n");
}

/** The same as Markdown, with what was real and what only stood in. */
export function renderDrillMarkdown(report: DrillReport): string {
  const sections = [...listSections(report), ...listAllChecks(report).map(tabulate)];
  const parts = sections.map(({ title, headers, rows }) =>
    [
      `## ${title}`,
      "",
      renderRow(headers),
      renderRow(headers.map(() => "---")),
      ...rows.map(renderRow),
      "",
    ].join("\n"),
  );
  const list = (items: readonly string[]) => items.map((item) => `- ${item}\n`).join("");
  return [
    `# Drill of ${report.startedAt}\n`,
    renderHead(report),
    renderVerdict(report),
    ...parts,
    `## What was real\n\n${list(report.real)}`,
    `## What stood in\n\n${list(report.standIns)}`,
  ].join("\n");
}

function renderRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

function renderHead({ machine, versions, failover, isWarm }: DrillReport): string {
  const parts = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const memory = `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  return [
    `${failover.source} was killed; its workloads went to ${failover.target} (run ${failover.runId ?? "none"})`,
    `On ${machine.cores} cores, ${memory}, Linux ${machine.kernel}, ${machine.architecture}${isWarm ? "" : "; parts had to be built or downloaded first"}`,
    `${parts.join(", ")}\n`,
  ].join("\n");
}

function renderVerdict({ checks, limits }: DrillReport): string {
  const failed = checks.filter(({ passed }) => !passed).map(({ id }) => id);
  const missed = limits.filter(({ passed }) => !passed).map(({ id }) => id);
  return [
    failed.length === 0
      ? `All ${checks.length} checks passed.`
      : `${failed.length} of ${checks.length} checks failed: ${failed.join(", ")}`,
    missed.length === 0
      ? `All ${limits.length} limits of time were kept.\n`
      : `${missed.length} of ${limits.length} limits of time were missed: ${missed.join(", ")}\n`,
  ].join("\n");
}

function listSections(report: DrillReport): Section[] {
  const { recovery, volumes, names, phases, failover } = report;
  return [
    {
      title: "The drill",
      headers: ["PHASE", "SECONDS"],
      rows: [
        ...phases.map(({ name, seconds }) => [name, renderNumber(seconds)]),
        ["whole", renderNumber(recovery.whole)],
      ],
    },
    {
      title: "The failover, counted from the kill",
      headers: ["STEP", "STATE", "FROM", "SECONDS"],
      rows: failover.timeline.map(({ title, state, from, seconds }) => [
        title,
        state,
        renderNumber(from),
        renderNumber(seconds),
      ]),
    },
    {
      title: "Volumes",
      headers: [
        "VOLUME",
        "HOW",
        "RECOVERY POINT",
        "LOSS",
        "SIZE",
        "SECONDS",
        "PER SECOND",
        "KOPIA ALONE",
        "PER SECOND",
        "RATIO",
      ],
      rows: volumes.map((volume) => [
        volume.claim,
        volume.how,
        volume.recoveryPoint,
        `${volume.announcedLoss.toFixed(0)} s`,
        renderSize(volume.bytes),
        renderNumber(volume.seconds),
        renderSize(volume.bytesPerSecond),
        renderNumber(volume.kopia?.median),
        renderSize(volume.kopia?.bytesPerSecond),
        renderNumber(volume.ratio),
      ]),
    },
    {
      title: "Names, as a resolver sees them that had nothing cached",
      headers: ["NAME", "FROM THE KILL", "FROM THE LAST CUT-OVER", "ADDRESSES"],
      rows: names.map((one) => [
        one.name,
        renderNumber(one.killToAnswer),
        renderNumber(one.cutOverToAnswer),
        one.addresses.join(", "),
      ]),
    },
    {
      title: "Times side by side",
      headers: ["FROM", "TO", "SECONDS"],
      rows: [
        ["kill", "all Ready", renderNumber(recovery.killToReady)],
        ["kill", "report", renderNumber(recovery.killToReport)],
        ["command's start", "all Ready", renderNumber(recovery.startToReady)],
        ["proof", "all Ready", renderNumber(recovery.proofToReady)],
        ["proof and last restore", "all Ready", renderNumber(recovery.cutOverToReady)],
        ["database's container", "accepts connections", renderNumber(recovery.databaseStart)],
      ],
    },
  ];
}

interface CheckList {
  title: string;
  checks: DrillReport["checks"];
  /** What stands before one that has not passed. */
  failed: string;
}

function listAllChecks({ checks, limits }: DrillReport): CheckList[] {
  return [
    { title: "Checks", checks, failed: "FAILED" },
    { title: "Limits of time", checks: limits, failed: "slow" },
  ];
}

function tabulate({ title, checks, failed }: CheckList): Section {
  return {
    title,
    headers: ["", "CHECK", "MEASURED", "WANTED"],
    rows: checks.map(({ passed, title, measured, wanted }) => [
      passed ? "ok" : failed,
      title,
      measured,
      wanted,
    ]),
  };
}

function renderNumber(value: number | undefined): string {
  return value === undefined ? "-" : value.toFixed(2);
}

function renderSize(bytes: number | undefined): string {
  return bytes === undefined ? "-" : renderBytes(bytes);
}
