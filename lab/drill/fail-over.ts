import { readFile } from "node:fs/promises";
import type { RecoveryReport } from "../../lib/recovery/report.ts";
import type { LabPaths } from "../paths.ts";
import type { FailoverFacts } from "./facts.ts";
import { parseJournal } from "./journal.ts";
import { runScript, type ScriptOptions } from "../run-script.ts";

export interface Nodes {
  source: string;
  target: string;
}

export type FailOver = typeof failOver;

/** Runs the failover command as a person would, and reads its report and its journal. */
export async function failOver(
  paths: LabPaths,
  { source, target }: Nodes,
  options: ScriptOptions,
): Promise<FailoverFacts> {
  const startedAt = Date.now();
  const { exitCode, document } = await runScript(
    paths,
    [
      "scripts/dr/failover.ts",
      "--source-node",
      source,
      "--target-node",
      target,
      // Cloudflare's provider of tofu comes from a registry that the lab does not have.
      "--dns",
      "api",
      "--yes",
      "--confirm",
      source,
    ],
    options,
  );
  const endedAt = Date.now();
  const { error } = document;
  if (error !== undefined) options.onLine?.(`${error.message}  [${error.code}]`);
  const result = document.result as { report?: RecoveryReport; journal?: string } | undefined;
  const steps =
    result?.journal === undefined ? [] : parseJournal(await readFile(result.journal, "utf8"));
  const times = { startedAt, endedAt, exitCode, steps };
  return result?.report === undefined ? times : { ...times, report: result.report };
}
