import { changeFlags, commonFlags, viaFlag } from "../cli/common-flags.ts";
import { type CommandResult, defineCommand } from "../cli/define-command.ts";
import { exitCodes, InfraError } from "../errors.ts";
import type { ForgottenHost } from "../inventory/forget-host.ts";
import type { RemovalPlan } from "../nodes/plan-removal.ts";
import type { StepResult } from "../steps/execute.ts";

export const removeNode = defineCommand({
  script: "scripts/setup/remove-node.ts",
  summary: "Take an agent out of the cluster, its mesh and the inventory",
  examples: [
    {
      line: "zx scripts/setup/remove-node.ts --node vps-aws-2 --dry-run",
      does: "show what forbids it, what would be done and what would be left",
    },
    {
      line: "zx scripts/setup/remove-node.ts --node vps-aws-2",
      does: "do it, after the host's name was typed; the same line again goes on after a failure",
    },
    {
      line: "zx scripts/setup/remove-node.ts --node vps-aws-2 --host-gone",
      does: "the same for a host that is off and never comes back",
    },
  ],
  flags: {
    node: { type: "string", value: "NODE", required: true, help: "the host to remove" },
    "host-gone": { type: "boolean", help: "do nothing on the host: it is off, for ever" },
    via: viaFlag,
    "dry-run": changeFlags["dry-run"],
    confirm: changeFlags.confirm,
    ...commonFlags,
  },
  async run({ flags }, terminal) {
    const { openNodes } = await import("./open-nodes.ts");
    const { listPlace } = await import("./open-world.ts");
    const { getRemovedHost, planRemoval } = await import("../nodes/plan-removal.ts");
    const { checkRemoval } = await import("../nodes/check-removal.ts");
    const { checkNoOpenRun } = await import("../nodes/hold-cluster.ts");
    const { readNodeState } = await import("../nodes/read-node-state.ts");
    const { buildRemovalSteps } = await import("../nodes/removal-steps.ts");
    const { renderRemovalPlan } = await import("../nodes/render-removal.ts");
    const { checkBlockers, confirmName } = await import("../steps/consent.ts");
    const { node: name, hostGone: isHostGone } = flags;
    const { site, inventory, world } = await openNodes(flags, terminal, (hosts) =>
      getRemovedHost(hosts, name),
    );
    const beforehand = async () => await checkNoOpenRun(world.cluster, listPlace(flags));
    await beforehand();
    const { hosts } = inventory;
    const plan = planRemoval(await readNodeState(world.cluster), {
      cluster: site.clusterName,
      hosts,
      name,
      isHostGone,
      hasPublicSsh: inventory.findVariable(name, "firewall_public_ssh") !== false,
    });
    const signal = terminal.interrupted;
    const host = getRemovedHost(hosts, name);
    plan.blockers.push(...(await checkRemoval(world, host, { isHostGone, signal })));
    const steps = buildRemovalSteps(world, plan, flags);
    const text = renderRemovalPlan(plan, steps);
    if (flags.dryRun) {
      const exitCode = plan.blockers.length === 0 ? exitCodes.done : exitCodes.badInput;
      return { exitCode, text, json: { plan } };
    }
    terminal.err(text);
    checkBlockers(plan.blockers.map((details) => new InfraError(details)));
    await confirmName(name, flags.confirm, terminal.ask);
    const { runNodeSteps } = await import("./run-node-steps.ts");
    const results = await runNodeSteps(world, { kind: "remove", steps, beforehand }, terminal);
    return await renderResult(plan, results);
  },
});

async function renderResult(
  { cluster, host, openItems }: RemovalPlan,
  results: readonly StepResult[],
): Promise<CommandResult> {
  const { renderPhases } = await import("./render-phases.ts");
  const { phases, table } = renderPhases(results);
  const facts = results.find(({ id }) => id === "forget-host")?.facts ?? {};
  const { changed = [], left = [] } = facts as Partial<ForgottenHost>;
  const items = [
    ...openItems,
    ...(changed.length === 0 ? [] : [`commit the inventory: ${changed.join(", ")}`]),
    ...left.map((file) => `remove ${file}: nobody reads it any more`),
  ];
  const lines = [
    table,
    `${host.name} is no node of cluster ${cluster} any more, and not in its inventory`,
    ...(items.length === 0 ? [] : ["Left for you:", ...items.map((item) => `  - ${item}`)]),
  ];
  return {
    exitCode: exitCodes.done,
    text: `${lines.join("\n")}\n`,
    json: { cluster, node: host.name, phases, openItems: items },
  };
}
