import { type FileHandle, mkdir, open } from "node:fs/promises";
import path from "node:path";
import { redact } from "../cli/redact.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { Journal, JournalEntry } from "../world.ts";

/**
 * A journal of one NDJSON file per run, `<folder>/<runId>.ndjson`, which only its owner may read.
 * Entries are appended in the order of the calls.
 */
export function openJournal(runsFolder: string): Journal {
  const begun = new Set<string>();
  let last: Promise<void> = Promise.resolve();

  async function write(runId: string, entry: JournalEntry): Promise<void> {
    const file = path.join(runsFolder, `${runId}.ndjson`);
    try {
      // The id may come from the cluster, and names a file here.
      if (!/^[a-z0-9-]+$/.test(runId)) throw new Error(`"${runId}" is not the id of a run`);
      await mkdir(runsFolder, { recursive: true, mode: 0o700 });
      const handle = await open(file, "a+", 0o600);
      try {
        const startOfLine = begun.has(runId) || (await endsWithLine(handle));
        await handle.appendFile(`${startOfLine ? "" : "\n"}${renderEntry(entry)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      if (!begun.has(runId)) await syncFolder(runsFolder);
      begun.add(runId);
    } catch (cause) {
      throw new InfraError({
        code: "JOURNAL_UNWRITABLE",
        message: `the journal ${file} cannot be written`,
        where: { file },
        why: (cause as Error).message,
        fix: "Make room or make the folder writable, then run the same command again",
        exitCode: exitCodes.failed,
        cause,
      });
    }
  }

  return {
    append(runId, entry) {
      const written = last.then(() => write(runId, entry));
      last = written.catch(() => undefined);
      return written;
    },
  };
}

function renderEntry(entry: JournalEntry): string {
  return JSON.stringify(entry, (_key, value: unknown) =>
    typeof value === "string" ? redact(value) : value,
  );
}

/** A process that was killed in mid-write leaves half a line; the next entry begins a new one. */
async function endsWithLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() === "\n";
}

/** Makes the file's name as durable as its content. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
