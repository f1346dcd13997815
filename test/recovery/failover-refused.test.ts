import t from "tap";
import { hasCode, InfraError } from "../../lib/errors.ts";
import { createOutage } from "../support/memory/outage.ts";
import { type Refusal, snapshot, testRefusals, withOptions } from "../support/memory/refusal.ts";
import { runFailover } from "../support/memory/run-failover.ts";
import { type MemoryWorld, server, source, target } from "../support/memory/world.ts";

function patchNode(world: MemoryWorld, name: string, patch: Record<string, unknown>): void {
  world.cluster.change({ kind: "Node", name }, patch);
}

const refusals: Refusal[] = [
  {
    name: "source is the target",
    code: "RECOVERY_SAME_NODE",
    request: withOptions({ target: { name: source, publicIp: "10.0.0.3", sshPort: 22 } }),
  },
  {
    name: "a node of the inventory is not in the cluster",
    code: "CLUSTER_NODE_UNKNOWN",
    request: withOptions({ target: { name: "vps-new-1", publicIp: "10.0.0.9", sshPort: 22 } }),
    names: source,
  },
  {
    name: "the target is not Ready",
    code: "PLAN_BLOCKED",
    names: "RECOVERY_TARGET_NOT_READY",
    async prepare(world) {
      world.setHost(target, "off");
      await world.settle(60);
    },
  },
  {
    name: "the target is cordoned",
    code: "RECOVERY_TARGET_CORDONED",
    prepare: (world) => patchNode(world, target, { spec: { unschedulable: true } }),
  },
  {
    name: "the target has another architecture",
    code: "RECOVERY_TARGET_ARCHITECTURE",
    prepare: (world) =>
      patchNode(world, target, { status: { nodeInfo: { architecture: "arm64" } } }),
  },
  {
    name: "the target has too little space",
    code: "RECOVERY_TARGET_NO_SPACE",
    prepare(world) {
      const machine = world.hosts.machines.get(target);
      if (machine !== undefined) machine.freeBytes = 1200;
    },
    names: "1300",
  },
  {
    name: "the target has too little memory left for the requests",
    code: "RECOVERY_TARGET_TOO_SMALL",
    prepare: (world) =>
      patchNode(world, target, { status: { allocatable: { cpu: "2", memory: "32Mi" } } }),
  },
  {
    name: "the target does not have the restore image",
    code: "RECOVERY_TARGET_NO_IMAGE",
    prepare: (world) => patchNode(world, target, { status: { images: [] } }),
  },
  {
    name: "the source is the only server",
    code: "PLAN_BLOCKED",
    names: "RECOVERY_SOURCE_ONLY_SERVER",
    request: withOptions({
      source: {
        name: server,
        publicIp: "10.0.0.1",
        sshPort: 22,
        machine: { provider: "hetzner", id: server },
      },
    }),
    async prepare(world) {
      world.cluster.change({ kind: "Node", name: source }, { status: { conditions: [] } });
      world.setHost(server, "off");
      await world.settle(60);
    },
  },
  {
    name: "too many nodes are down at once",
    code: "PLAN_BLOCKED",
    names: "RECOVERY_STORM",
    async prepare(world) {
      world.setHost(server, "off");
      world.setHost(target, "off");
      await world.settle(60);
    },
  },
  {
    name: "the provider refuses the credentials",
    code: "FENCE_NOT_PROVEN",
    prepare(world) {
      world.hosts.powerFault = "POWER_DENIED";
    },
  },
  {
    name: "the provider does not know the machine",
    code: "FENCE_WRONG_MACHINE",
    request: withOptions({
      source: {
        name: source,
        publicIp: "10.0.0.3",
        sshPort: 22,
        machine: { provider: "hetzner", id: "0" },
      },
    }),
  },
  {
    name: "the provider's machine has another address",
    code: "FENCE_WRONG_MACHINE",
    request: withOptions({
      source: {
        name: source,
        publicIp: "10.0.0.3",
        sshPort: 22,
        machine: { provider: "hetzner", id: target },
      },
    }),
    names: "10.0.0.2",
  },
  {
    name: "nobody confirms, and there is no terminal",
    code: "RUN_NOT_CONFIRMED",
    exitCode: 3,
    request: { confirm: undefined },
  },
  {
    name: "another node's name is confirmed",
    code: "RUN_NOT_CONFIRMED",
    exitCode: 3,
    request: { confirm: target },
  },
  {
    name: "there is nothing to abort",
    code: "RUN_NOTHING_TO_ABORT",
    exitCode: 3,
    request: { abort: true },
  },
];

testRefusals(t, refusals);

t.test("a dry run shows plan, loss and evidence, and changes nothing", async (t) => {
  const world = await createOutage({ backupAge: 600 });
  const before = snapshot(world);
  const { result } = await runFailover(world, { dryRun: true, failover: { withEvidence: true } });
  t.equal(snapshot(world), before);
  if (result.kind !== "planned") throw new Error(result.kind);
  t.equal(result.exitCode, 0);
  t.equal(result.plan.evidence?.verdict, "DEAD");
  t.ok((result.plan.evidence?.samples.length ?? 0) >= 3);
  const loss = result.plan.units[0]?.volumes[0]?.lossSeconds ?? 0;
  t.ok(loss > 590 && loss <= 610, `${loss} s are announced as lost`);
});

t.test("hasCode tells codes apart", async (t) => {
  t.ok(hasCode(new InfraError({ code: "A", message: "a" }), "B", "A"));
  t.notOk(hasCode(new Error("A"), "A"));
});
