import { commonFlags, recoveryFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Host } from "../inventory/load.ts";
import { dnsWays } from "../recovery/dns-way.ts";
import type { HostToReach } from "../recovery/plan.ts";

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
    dns: {
      type: "string",
      value: "WAY",
      default: "tofu",
      oneOf: dnsWays,
      help: "who points static records to the target: tofu by a reviewed plan, the api of Cloudflare where tofu cannot be run, or none",
    },
    ...recoveryFlags,
    ...commonFlags,
  },
  async run({ flags }, terminal) {
    const { listPlace, openWorld } = await import("./open-world.ts");
    const { getHost } = await import("../inventory/load.ts");
    const { loadRestoreSettings } = await import("./restore-settings.ts");
    const { createFailover } = await import("../recovery/failover.ts");
    const { runRecovery } = await import("./run-recovery.ts");
    const { site, hosts, world } = await openWorld(flags, terminal);
    const source = getHost(hosts, flags.sourceNode);
    const target = getHost(hosts, flags.targetNode);
    const change = createFailover(world, {
      source: {
        ...describeHost(source),
        machine: { provider: source.provider, id: source.providerId ?? "" },
      },
      target: describeHost(target),
      backup: flags.backup,
      ...(await loadRestoreSettings()),
      dns: flags.dns,
      withEvidence: flags.dryRun,
      // The way of DNS is no part of what the run is, and of the command to go on with.
      place: { ...listPlace(flags), ...(flags.dns === "tofu" ? {} : { dns: flags.dns }) },
    });
    const place = { world, runsFolder: site.runsFolder };
    return await runRecovery(change, flags, place, terminal);
  },
});

function describeHost({ name, publicIp, meshIp, sshPort }: Host): HostToReach {
  return { name, publicIp, sshPort, ...(meshIp === undefined ? {} : { meshIp }) };
}
