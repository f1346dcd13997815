import { exitCodes, InfraError } from "../errors.ts";
import { linePrefix } from "./restore-script.ts";

export interface TreeCount {
  files: number;
  directories: number;
  symlinks: number;
  /** Sum of the files' sizes. */
  bytes: number;
}

/** What a restore, rebuild or remove pod told so far. */
export interface PodLog {
  /** What the snapshot holds, by kopia's own summary. */
  snapshot?: TreeCount & { failed: number; excluded: number };
  /** What lies in the folder, counted after a sync. */
  walked?: TreeCount;
  space?: { freeBytes: number; needBytes: number };
  removed: boolean;
  /** Percent of the snapshot's bytes that kopia has written. */
  percent?: number;
  /** The last lines that neither kopia's progress nor the script wrote: the reason of a failure. */
  tail: string[];
}

/** kopia's progress: `Processed 3 (1 MB) of 8 (81.5 MB) 40 MB/s (12.5%) remaining 3s.` */
const progressLine = /^\s*Processed \d+ .*?(?:\((\d+(?:\.\d+)?)%\).*)?\.?$/;

interface Manifest {
  stats?: { excludedFileCount?: number; excludedDirCount?: number };
  rootEntry?: {
    summ?: { size?: number; files?: number; dirs?: number; symlinks?: number; numFailed?: number };
  };
}

/** Reads what the scripts of restore-script.ts print; lines of anybody else are kept as tail. */
export function parsePodLog(text: string): PodLog {
  const log: PodLog = { removed: false, tail: [] };
  for (const line of text.split("\n")) {
    if (line.startsWith(linePrefix)) {
      applyEvent(log, JSON.parse(line.slice(linePrefix.length)) as { event: string });
      continue;
    }
    const progress = progressLine.exec(line);
    if (progress?.[1] !== undefined) log.percent = Number(progress[1]);
    else if (progress === null && line.trim() !== "") log.tail.push(line.trim());
  }
  log.tail = log.tail.slice(-3);
  return log;
}

function applyEvent(log: PodLog, event: { event: string }): void {
  switch (event.event) {
    case "manifest": {
      const { stats, rootEntry } = (event as unknown as { manifest: Manifest }).manifest;
      const summ = rootEntry?.summ ?? {};
      log.snapshot = {
        files: summ.files ?? 0,
        directories: summ.dirs ?? 0,
        symlinks: summ.symlinks ?? 0,
        bytes: summ.size ?? 0,
        failed: summ.numFailed ?? 0,
        excluded: (stats?.excludedFileCount ?? 0) + (stats?.excludedDirCount ?? 0),
      };
      return;
    }
    case "walked": {
      const { files, directories, symlinks, bytes } = event as unknown as TreeCount;
      log.walked = { files, directories, symlinks, bytes };
      return;
    }
    case "space": {
      const { freeBytes, needBytes } = event as unknown as { freeBytes: number; needBytes: number };
      log.space = { freeBytes, needBytes };
      return;
    }
    case "removed":
      log.removed = true;
  }
}

/**
 * Compares what was restored with the snapshot's own summary. Throws RESTORE_NOT_EQUAL, or
 * RESTORE_UNPROVEN when the pod did not tell both.
 */
export function checkRestored(log: PodLog, claim: string): TreeCount {
  const { snapshot, walked } = log;
  if (snapshot === undefined || walked === undefined) {
    throw new InfraError({
      code: "RESTORE_UNPROVEN",
      message: `the restore of "${claim}" did not tell what it made`,
      why: "its log is cut off or was lost",
      fix: "Run the same command again: it restores into a fresh folder",
      exitCode: exitCodes.failed,
    });
  }
  const wrong = (["files", "directories", "symlinks", "bytes"] as const)
    .filter((what) => snapshot[what] !== walked[what])
    .map((what) => `${what}: ${walked[what]} restored, ${snapshot[what]} in the snapshot`);
  if (snapshot.failed > 0) wrong.push(`${snapshot.failed} files could not be read at the backup`);
  if (wrong.length === 0) return walked;
  throw new InfraError({
    code: "RESTORE_NOT_EQUAL",
    message: `the restored folder of "${claim}" is not what the snapshot holds`,
    why: wrong.join("; "),
    fix: "Choose another backup with --backup NAME; zx scripts/dr/failover.ts --dry-run lists them",
    exitCode: exitCodes.needsPerson,
  });
}
