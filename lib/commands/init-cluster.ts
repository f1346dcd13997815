import { changeFlags, commonFlags, viaFlag } from "../cli/common-flags.ts";
import { type CommandResult, defineCommand } from "../cli/define-command.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { StepResult } from "../steps/execute.ts";
import type { Facts } from "../steps/step.ts";

export const initCluster = defineCommand({
  script: "scripts/setup/init-cluster.ts",
  summary: "Make one cluster out of the hosts of the inventory",
  examples: [
    {
      line: "zx scripts/setup/init-cluster.ts --dry-run",
      does: "look at every host, and show which would become which node",
    },
    {
      line: "zx scripts/setup/init-cluster.ts",
      does: "do it, after the cluster's name was typed; again: changes nothing that is so already",
    },
  ],
  flags: {
    via: viaFlag,
    "dry-run": changeFlags["dry-run"],
    confirm: changeFlags.confirm,
    ...commonFlags,
  },
  async run({ flags }, terminal) {
    const { openBootstrap } = await import("./open-bootstrap.ts");
    const { buildInitSteps, renderInitPlan } = await import("../bootstrap/init-cluster.ts");
    const { confirmName } = await import("../steps/consent.ts");
    const { executeSteps } = await import("../steps/execute.ts");
    const { systemRandom } = await import("../config/system.ts");
    const { showRun } = await import("../cli/show-run.ts");
    const { site, hosts, world, examine } = await openBootstrap(flags, terminal);
    const names = hosts.map(({ name }) => name);
    const links = await examine(names, terminal.interrupted);
    const plan = renderInitPlan(site.clusterName, hosts, links);
    if (flags.dryRun) {
      const nodes = hosts.map(({ name, group }) => ({ name, group }));
      const json = { cluster: site.clusterName, nodes, links };
      return { exitCode: exitCodes.done, text: plan, json };
    }
    terminal.err(plan);
    await confirmName(site.clusterName, flags.confirm, terminal.ask);
    const view = showRun(terminal, world.clock);
    try {
      const outcome = await executeSteps({
        runId: `init-${systemRandom.name(6)}`,
        steps: buildInitSteps(world, flags),
        world,
        emit: view.emit,
        signal: terminal.interrupted,
        resumed: false,
        irreversible: false,
        onIrreversible: async () => undefined,
      });
      if (outcome.failure !== undefined) throw describeEnd(outcome.failure.error);
      return renderResult(site.clusterName, outcome.results);
    } finally {
      view.end();
    }
  },
});

/** There is nothing to undo and no run to go on with: the playbooks find what is there. */
function describeEnd(error: InfraError): InfraError {
  if (error.code !== "RUN_INTERRUPTED") return error;
  const { code, message, exitCode } = error;
  return new InfraError({ code, message, exitCode, fix: "Run the same command again to go on" });
}

async function renderResult(
  clusterName: string,
  results: readonly StepResult[],
): Promise<CommandResult> {
  const { renderTable } = await import("../cli/table.ts");
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
  const table = renderTable(rows, ["PHASE", "SECONDS", "CHANGED"]);
  return {
    exitCode: exitCodes.done,
    text: `${table}\nCluster ${clusterName} is up, and all its nodes are Ready\n`,
    json: { cluster: clusterName, phases },
  };
}

/** How many tasks of a playbook have changed something, on all hosts. */
function countChanges({ changed }: Facts): string {
  if (changed === undefined) return "";
  return String(
    Object.values(changed as object).reduce((sum: number, one: number) => sum + one, 0),
  );
}
