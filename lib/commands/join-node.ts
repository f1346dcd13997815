import { changeFlags, commonFlags, viaFlag } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import { exitCodes } from "../errors.ts";

export const joinNode = defineCommand({
  script: "scripts/setup/join-node.ts",
  summary: "Bring a host of the inventory into the cluster as an agent",
  examples: [
    {
      line: "zx scripts/setup/join-node.ts --node vps-aws-2 --dry-run",
      does: "look at the host, and show what would be done",
    },
    {
      line: "zx scripts/setup/join-node.ts --node vps-aws-2",
      does: "do it, after the host's name was typed; again: changes nothing that is so already",
    },
  ],
  flags: {
    node: {
      type: "string",
      value: "NODE",
      required: true,
      help: "the host, as hosts.yml has it under k3s_workers",
    },
    via: viaFlag,
    "dry-run": changeFlags["dry-run"],
    confirm: changeFlags.confirm,
    ...commonFlags,
  },
  async run({ flags }, terminal) {
    const { openNodes } = await import("./open-nodes.ts");
    const { getJoiningHost, planJoin, renderJoinPlan } = await import("../nodes/plan-join.ts");
    const { buildJoinSteps } = await import("../nodes/join-steps.ts");
    const { planHostChecks } = await import("../bootstrap/plan-host-checks.ts");
    const { confirmName } = await import("../steps/consent.ts");
    const { node: name } = flags;
    const { site, inventory, examine, world } = await openNodes(flags, terminal, (hosts) =>
      getJoiningHost(hosts, name),
    );
    const plan = planJoin({
      cluster: site.clusterName,
      hosts: inventory.hosts,
      name,
      mesh: planHostChecks(inventory).mesh,
      nodes: await world.cluster.list("Node"),
    });
    await examine([name], terminal.interrupted);
    const steps = buildJoinSteps(world, plan, flags);
    const text = renderJoinPlan(plan, steps);
    if (flags.dryRun) return { exitCode: exitCodes.done, text, json: { plan } };
    terminal.err(text);
    await confirmName(name, flags.confirm, terminal.ask);
    const { runNodeSteps } = await import("./run-node-steps.ts");
    const { renderPhases } = await import("./render-phases.ts");
    const results = await runNodeSteps(world, { kind: "join", steps }, terminal);
    const { phases, table } = renderPhases(results);
    const isCordoned = results.some(({ facts }) => facts["cordoned"] === true);
    const cordon = isCordoned ? `; it is cordoned, to let pods in: kubectl uncordon ${name}` : "";
    return {
      exitCode: exitCodes.done,
      text: `${table}\n${name} is a Ready node of cluster ${site.clusterName}${cordon}\n`,
      json: { cluster: site.clusterName, node: name, isCordoned, phases },
    };
  },
});
