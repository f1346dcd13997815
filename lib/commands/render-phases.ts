import { renderTable } from "../cli/table.ts";
import type { StepResult } from "../steps/execute.ts";
import type { Facts } from "../steps/step.ts";

export interface Phase {
  id: string;
  title: string;
  seconds: number;
  facts: Facts;
}

/** How long each step took, and how many tasks of playbooks have changed something. */
export function renderPhases(results: readonly StepResult[]): { phases: Phase[]; table: string } {
  const phases = results.map(({ id, title, startedAt, endedAt, facts }) => ({
    id,
    title,
    seconds: (endedAt - startedAt) / 1000,
    facts,
  }));
  const seconds = phases.reduce((sum, phase) => sum + phase.seconds, 0);
  const rows = [...phases, { title: "whole", seconds, facts: {} }].map((phase) => [
    phase.title,
    phase.seconds.toFixed(1),
    countChanges(phase.facts),
  ]);
  return { phases, table: renderTable(rows, ["PHASE", "SECONDS", "CHANGED"]) };
}

/** On all hosts. */
function countChanges({ changed }: Facts): string {
  if (changed === undefined) return "";
  return String(
    Object.values(changed as object).reduce((sum: number, one: number) => sum + one, 0),
  );
}
