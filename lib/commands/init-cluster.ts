import { changeFlags, commonFlags, viaFlag } from "../cli/common-flags.ts";
import { type CommandResult, defineCommand } from "../cli/define-command.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { StepResult } from "../steps/execute.ts";
import type { Step } from "../steps/step.ts";
import type { Terminal } from "../cli/terminal.ts";

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
    {
      line: "zx scripts/setup/init-cluster.ts --rebuild",
      does: "after the loss of all hosts: a new cluster on new ones, with the data of the old one",
    },
  ],
  flags: {
    via: viaFlag,
    rebuild: {
      type: "boolean",
      help: "the cluster before is gone: this one takes its place, and gets its data from the bucket",
    },
    "nodes-only": { type: "boolean", help: "stop at Ready nodes, without Argo CD" },
    "dry-run": changeFlags["dry-run"],
    confirm: changeFlags.confirm,
    ...commonFlags,
  },
  async run({ flags }, terminal) {
    checkFlags(flags);
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
    const links = await examine(names, terminal.interrupted).catch(async (error: unknown) => {
      throw flags.rebuild ? await explainNewHosts(error, site.inventoryFolder, names) : error;
    });
    const plan = renderInitPlan(site.clusterName, hosts, links, {
      withGitops: !flags.nodesOnly,
      isRebuild: flags.rebuild,
    });
    if (flags.dryRun) {
      const nodes = hosts.map(({ name, group }) => ({ name, group }));
      const json = { cluster: site.clusterName, nodes, links };
      return { exitCode: exitCodes.done, text: plan, json };
    }
    terminal.err(plan);
    await confirmName(site.clusterName, flags.confirm, terminal.ask);
    const run = async (steps: Step[]): Promise<readonly StepResult[]> => {
      const view = showRun(terminal, world.clock);
      const outcome = await executeSteps({
        runId: `init-${systemRandom.name(6)}`,
        steps,
        world,
        emit: view.emit,
        signal: terminal.interrupted,
        resumed: false,
        irreversible: false,
        onIrreversible: async () => undefined,
      }).finally(() => view.end());
      if (outcome.failure !== undefined) throw describeEnd(outcome.failure.error);
      return outcome.results;
    };
    const { rebuild: isRebuild, nodesOnly, via } = flags;
    const used = nodesOnly ? undefined : gitops;
    const results = await run(buildInitSteps(world, { via, gitops: used, isRebuild }));
    if (!isRebuild) return renderResult(site.clusterName, results, nodesOnly);
    const restored = await bringDataBack(flags, terminal);
    if (restored.exitCode > exitCodes.findings) {
      return addRestored(await renderResult(site.clusterName, results, false), restored);
    }
    const { awaitApplications } = await import("../bootstrap/await-applications.ts");
    const waiting = run([awaitApplications({ ...world, gitops }, [])]);
    const last = await waiting.catch((error: unknown) => {
      terminal.err(restored.text);
      throw error;
    });
    return addRestored(
      await renderResult(site.clusterName, [...results, ...last], false),
      restored,
    );
  },
});

function checkFlags({ rebuild, nodesOnly }: { rebuild: boolean; nodesOnly: boolean }): void {
  if (!rebuild || !nodesOnly) return;
  throw new InfraError({
    code: "INIT_FLAGS",
    message: "--rebuild does not go with --nodes-only",
    why: "without Argo CD there is no Velero that knows the bucket, and no app that has the data",
    fix: "Leave one of them out",
  });
}

/** New hosts under the names of old ones are logged in to as the old ones were. */
async function explainNewHosts(
  error: unknown,
  inventoryFolder: string,
  names: readonly string[],
): Promise<unknown> {
  const { listWritten } = await import("../inventory/forget-host.ts");
  const written = await listWritten(inventoryFolder, names);
  if (!(error instanceof InfraError) || error.code !== "HOSTS_UNFIT" || written.length === 0) {
    return error;
  }
  const { code, message, why, fix = "", exitCode } = error;
  return new InfraError({
    code,
    message,
    ...(why === undefined ? {} : { why }),
    fix: `${fix}\nWhere hosts are new, remove first what the plays have written of the old ones: rm ${written.join(" ")}`,
    exitCode,
    cause: error,
  });
}

/** Restores what the cluster before this one had. */
async function bringDataBack(
  flags: { site: string | undefined; kubeconfig: string | undefined },
  terminal: Terminal,
): Promise<CommandResult> {
  const { restoreAll } = await import("./restore-all.ts");
  try {
    return await restoreAll(flags, terminal);
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    const { code, message, why, fix = "" } = error;
    const { listPlace } = await import("./open-world.ts");
    const place = Object.entries(listPlace(flags)).map(([name, value]) => ` --${name} ${value}`);
    const restore = `zx scripts/dr/restore-workload.ts${place.join("")}`;
    throw new InfraError({
      code,
      message: `the cluster is up, but without the data of the one before: ${message.replace("; nothing was changed", "")}`,
      ...(why === undefined ? {} : { why }),
      fix: `${fix}\nThen: ${restore} --all; or one app after the other: ${restore} --app NAME --backup earlier`,
      exitCode: exitCodes.failed,
      cause: error,
    });
  }
}

function addRestored(
  made: CommandResult & { json: object },
  { exitCode, text, json }: CommandResult,
): CommandResult {
  const commit = "Commit the site's identity and token: site.yaml, config/escrow";
  return {
    exitCode,
    text: `${made.text}\n${text}\n${commit}\n`,
    json: { ...made.json, restore: json },
  };
}

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
): Promise<CommandResult & { json: object }> {
  const { renderPhases } = await import("./render-phases.ts");
  const { phases, table } = renderPhases(results);
  return {
    exitCode: exitCodes.done,
    text: `${table}\nCluster ${clusterName} is up, ${nodesOnly ? "and all its nodes are Ready" : "and is what Git says"}\n`,
    json: { cluster: clusterName, phases },
  };
}
