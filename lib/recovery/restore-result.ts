import { exitCodes, InfraError } from "../errors.ts";

export interface TreeCount {
  files: number;
  directories: number;
  symlinks: number;
  /** Sum of the files' sizes. */
  bytes: number;
}

/** What a restore, rebuild or remove pod found out, from its termination message. */
export interface PodResult {
  /** What the snapshot holds, by kopia's own summary. */
  snapshot?: TreeCount & { failed: number; excluded: number; whole: boolean };
  /** What lies in the folder, counted after a sync. */
  walked?: TreeCount;
  space?: { freeBytes: number; needBytes: number };
}

type Event =
  | ({
      event: "snapshot";
      failed: number;
      excludedFiles: number;
      excludedDirectories: number;
      whole: boolean;
    } & TreeCount)
  | ({ event: "walked" } & TreeCount)
  | { event: "space"; freeBytes: number; needBytes: number }
  | { event: "removed" };

/** Reads a termination message that the scripts of restore-script.ts wrote; skips other lines. */
export function parsePodResult(message: string): PodResult {
  const result: PodResult = {};
  for (const line of message.split("\n")) {
    if (!line.startsWith("{")) continue;
    const event = JSON.parse(line) as Event;
    switch (event.event) {
      case "snapshot": {
        const { event: _event, excludedFiles, excludedDirectories, ...counted } = event;
        result.snapshot = { ...counted, excluded: excludedFiles + excludedDirectories };
        break;
      }
      case "walked": {
        const { files, directories, symlinks, bytes } = event;
        result.walked = { files, directories, symlinks, bytes };
        break;
      }
      case "space":
        result.space = { freeBytes: event.freeBytes, needBytes: event.needBytes };
        break;
      case "removed":
    }
  }
  return result;
}

/** kopia's progress: `Processed 3 (1 MB) of 8 (81.5 MB) 40 MB/s (12.5%) remaining 3s.` */
const progressLine = /^\s*Processed \d+ .*\((\d+(?:\.\d+)?)%\)/;

/** Percent of the snapshot's bytes that kopia has written, from the end of its log. */
export function findPercent(log: string): number | undefined {
  for (const line of log.split("\n").toReversed()) {
    const percent = progressLine.exec(line)?.[1];
    if (percent !== undefined) return Number(percent);
  }
  return undefined;
}

/** What a pod that succeeded without telling what it made deserves. */
export function unproven(what: string): InfraError {
  return new InfraError({
    code: "RESTORE_UNPROVEN",
    message: `${what} did not tell what it made`,
    why: "the termination message of its pod is cut off or was lost",
    fix: "Run the same command again: it is done once more",
    exitCode: exitCodes.failed,
  });
}

/**
 * Compares what was restored with the snapshot's own summary. Throws RESTORE_NOT_EQUAL, or
 * RESTORE_UNPROVEN when the pod did not tell both.
 */
export function checkRestored(result: PodResult, claim: string): TreeCount {
  const { snapshot, walked } = result;
  if (snapshot === undefined || walked === undefined) throw unproven(`the restore of "${claim}"`);
  const wrong = (["files", "directories", "symlinks", "bytes"] as const)
    .filter((what) => snapshot[what] !== walked[what])
    .map((what) => `${what}: ${walked[what]} restored, ${snapshot[what]} in the snapshot`);
  if (snapshot.failed > 0) wrong.push(`${snapshot.failed} files could not be read at the backup`);
  if (!snapshot.whole) wrong.push("the snapshot was not finished");
  if (wrong.length === 0) return walked;
  throw new InfraError({
    code: "RESTORE_NOT_EQUAL",
    message: `the restored folder of "${claim}" is not what the volume held`,
    why: wrong.join("; "),
    fix: "Choose another backup with --backup NAME: kubectl -n velero get podvolumebackups",
    exitCode: exitCodes.needsPerson,
  });
}
