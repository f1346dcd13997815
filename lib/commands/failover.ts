import { changeFlags, commonFlags } from "../cli/common-flags.ts";
import { type CommandResult, defineCommand } from "../cli/define-command.ts";
import type { Terminal } from "../cli/terminal.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { Host } from "../inventory/load.ts";
import type { FailoverPlan, HostToReach } from "../recovery/plan.ts";
import type { RecoveryStatus } from "../recovery/status.ts";
import type { ChangeResult } from "../steps/change.ts";
import type { World } from "../world.ts";

export const failover = defineCommand({
  script: "scripts/dr/failover.ts",
  summary: "Bring the workloads of a dead host back on another one, with their data",
  examples: [
    {
      line: "zx scripts/dr/failover.ts --source-node vps-aws-1 --target-node vps-vultr-1 --dry-run",
      does: "show what would be lost and done, and whether the host is dead",
    },
    {
      line: "zx scripts/dr/failover.ts --source-node vps-aws-1 --target-node vps-vultr-1",
      does: "do it, after the host's name was typed; the same line again goes on after a crash",
    },
    {
      line: "zx scripts/dr/failover.ts --source-node vps-aws-1 --target-node vps-vultr-1 --abort",
      does: "undo a run that has not moved anything yet",
    },
  ],
  flags: {
    "source-node": { type: "string", value: "NODE", required: true, help: "the host that died" },
    "target-node": {
      type: "string",
      value: "NODE",
      required: true,
      help: "the host that takes its workloads over",
    },
    backup: {
      type: "string",
      value: "NAME",
      default: "latest",
      help: "a Velero backup; latest is the newest usable one of each volume",
    },
    ...changeFlags,
    ...commonFlags,
  },
  async run({ flags }, terminal) {
    const { listPlace, openWorld } = await import("./open-world.ts");
    const { getHost } = await import("../inventory/load.ts");
    const { loadVersions, renderRestoreImage } = await import("../config/versions.ts");
    const { loadPolicy } = await import("../config/policy.ts");
    const { createFailover } = await import("../recovery/failover.ts");
    const { runChange } = await import("../steps/change.ts");
    const { showRun } = await import("../cli/show-run.ts");
    const { nameHolder } = await import("./name-holder.ts");
    const { site, hosts, world } = await openWorld(flags, terminal);
    const source = getHost(hosts, flags.sourceNode);
    const target = getHost(hosts, flags.targetNode);
    const [versions, policy] = await Promise.all([loadVersions(), loadPolicy()]);
    const change = createFailover(world, {
      source: {
        ...describeHost(source),
        machine: { provider: source.provider, id: source.providerId ?? "" },
      },
      target: describeHost(target),
      backup: flags.backup,
      restoreImage: renderRestoreImage(versions),
      velero: versions.velero,
      freeSpaceFactor: policy.freeSpaceFactor,
      restoreConcurrency: policy.restoreConcurrency,
      withEvidence: flags.dryRun,
      place: listPlace(flags),
    });
    const view = showRun(terminal, world.clock);
    try {
      const options = { dryRun: flags.dryRun, abort: flags.abort, confirm: flags.confirm };
      const result = await runChange(change, options, world, {
        say: (text) => terminal.err(`${text.trimEnd()}\n`),
        ask: terminal.ask,
        emit: view.emit,
        signal: terminal.interrupted,
        holder: nameHolder(),
      });
      view.end();
      return await describeResult(result, world, site.runsFolder, terminal);
    } finally {
      view.end();
    }
  },
});

function describeHost({ name, publicIp, meshIp, sshPort }: Host): HostToReach {
  return { name, publicIp, sshPort, ...(meshIp === undefined ? {} : { meshIp }) };
}

async function describeResult(
  result: ChangeResult<FailoverPlan>,
  world: World,
  runsFolder: string,
  terminal: Terminal,
): Promise<CommandResult> {
  const { exitCode } = result;
  if (result.kind === "planned") {
    const { renderPlan } = await import("../recovery/render-plan.ts");
    return { exitCode, text: renderPlan(result.plan), json: { plan: result.plan } };
  }
  if (result.kind === "aborted") {
    const { run, leftOver } = result;
    const lines = [
      leftOver.length === 0
        ? `Run ${run.id} is undone`
        : `Run ${run.id} could not be undone whole:`,
      ...leftOver.map((item) => `  - ${item}`),
    ];
    return { exitCode, text: `${lines.join("\n")}\n`, json: { run: run.id, leftOver } };
  }
  const { buildReport, listNotReady, renderReport } = await import("../recovery/report.ts");
  const { outcome, plan, run } = result;
  const report = buildReport(plan, outcome, await readStatusNow(world));
  if (outcome.failure !== undefined) {
    const { describeFailure, renderReport: renderFailure } = await import("../cli/report-error.ts");
    terminal.err(renderFailure(describeFailure(outcome.failure.error)));
  }
  const journal = `${runsFolder}/${run.id}.ndjson`;
  const isWell = exitCode !== exitCodes.done || listNotReady(plan, outcome).length === 0;
  return {
    exitCode: isWell ? exitCode : exitCodes.findings,
    text: `${renderReport(report)}\nJournal: ${journal}\n`,
    json: { report, journal },
  };
}

/** The report must come out even when the cluster has stopped to answer. */
async function readStatusNow(world: World): Promise<RecoveryStatus | undefined> {
  const { readStatus } = await import("../recovery/status.ts");
  try {
    return await readStatus(world);
  } catch (error) {
    if (error instanceof InfraError) return undefined;
    throw error;
  }
}
