import { changeFlags, commonFlags, viaFlag } from "../cli/common-flags.ts";
import { type CommandResult, defineCommand } from "../cli/define-command.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { StepResult } from "../steps/execute.ts";

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
    {
      line: "zx scripts/setup/init-cluster.ts --nodes-only",
      does: "the same without Argo CD: for a first try, or while Git has nothing to give yet",
    },
  ],
  flags: {
    via: viaFlag,
    "nodes-only": { type: "boolean", help: "stop at Ready nodes, without Argo CD" },
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
    const { site, hosts, world, checkEscrow, examine } = await openBootstrap(flags, terminal);
    const names = hosts.map(({ name }) => name);
    const { openGitops } = await import("./open-gitops.ts");
    const { gitops, check } = openGitops(site, process.env);
    await checkEscrow();
    if (!flags.nodesOnly) await check();
    const links = await examine(names, terminal.interrupted);
    const plan = renderInitPlan(site.clusterName, hosts, links, !flags.nodesOnly);
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
        steps: buildInitSteps(world, {
          via: flags.via,
          gitops: flags.nodesOnly ? undefined : gitops,
        }),
        world,
        emit: view.emit,
        signal: terminal.interrupted,
        resumed: false,
        irreversible: false,
        onIrreversible: async () => undefined,
      });
      if (outcome.failure !== undefined) throw describeEnd(outcome.failure.error);
      return renderResult(site.clusterName, outcome.results, flags.nodesOnly);
    } finally {
      view.end();
    }
  },
});

/** There is nothing to undo and no run to go on with: the playbooks find what is there. */
function describeEnd(error: InfraError): InfraError {
  const { code, message, where, why, exitCode } = error;
  if (code === "RUN_INTERRUPTED") {
    return new InfraError({ code, message, exitCode, fix: "Run the same command again to go on" });
  }
  if (exitCode !== exitCodes.badInput) return error;
  // Said before the first step it would mean that nothing was changed.
  return new InfraError({
    code,
    message,
    ...(where === undefined ? {} : { where }),
    ...(why === undefined ? {} : { why }),
    fix: `${error.fix ?? "Correct it"}\nThen run the same command again: it goes on from what is there`,
    exitCode: exitCodes.failed,
    cause: error,
  });
}

async function renderResult(
  clusterName: string,
  results: readonly StepResult[],
  nodesOnly: boolean,
): Promise<CommandResult> {
  const { renderPhases } = await import("./render-phases.ts");
  const { phases, table } = renderPhases(results);
  return {
    exitCode: exitCodes.done,
    text: `${table}\nCluster ${clusterName} is up, ${nodesOnly ? "and all its nodes are Ready" : "and is what Git says"}\n`,
    json: { cluster: clusterName, phases },
  };
}
